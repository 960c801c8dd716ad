import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StartError } from '../../domain/errors.ts';

const secretBytes = 32;

/**
 * The secret in the data folder, which only this process uses. It is generated on first use, readable by its owner only, and stored so
 * that tokens survive a restart.
 */
export function loadOrCreateJwtSecret(dataDir: string): Uint8Array {
  mkdirSync(dataDir, { recursive: true });
  const path = join(dataDir, 'jwt-secret');
  if (!existsSync(path)) {
    // Written under another name until it has reached the disk, so that no crash leaves an incomplete secret, which would stop every start.
    const draft = `${path}.new`;
    rmSync(draft, { force: true });
    writeFileSync(draft, randomBytes(secretBytes).toString('hex'), { flag: 'wx', mode: 0o600, flush: true });
    renameSync(draft, path);
  }
  const secret = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex');
  if (secret.length < secretBytes)
    throw new StartError(
      `${path} does not contain a secret of ${secretBytes} bytes. Remove the file to generate a new one.`,
    );
  return secret;
}
