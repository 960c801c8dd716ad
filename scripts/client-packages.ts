/**
 * Installs the packages of tools/clients, if they are not installed yet or their lock file has changed.
 *
 *   node scripts/client-packages.ts
 */
import { spawn } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../tools/clients');
const lockPath = join(folder, 'package-lock.json');
/** The lock file that the installed packages are of. */
const installedPath = join(folder, 'node_modules/.installed-lock.json');

/** npm's codes for a registry that gives no answer. */
const unreachable = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/;

export async function installClientPackages(): Promise<'installed' | 'unreachable' | 'failed'> {
  if (readOrNull(installedPath) === readFileSync(lockPath, 'utf8')) return 'installed';
  const { isGood, errors } = await npm('ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error');
  if (!isGood) return unreachable.test(errors) ? 'unreachable' : 'failed';
  copyFileSync(lockPath, installedPath);
  return 'installed';
}

function npm(...args: string[]): Promise<{ isGood: boolean; errors: string }> {
  return new Promise((resolve) => {
    const child = spawn('npm', args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    let errors = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors += chunk;
      process.stderr.write(chunk);
    });
    child.once('error', ({ message }) => resolve({ isGood: false, errors: message }));
    child.once('close', (code) => resolve({ isGood: code === 0, errors }));
  });
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

if (import.meta.main && (await installClientPackages()) !== 'installed') process.exitCode = 1;
