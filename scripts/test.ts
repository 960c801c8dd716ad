/**
 * Everything that must hold before a change lands: types, style, fresh generated files, and the tests. The last line counts them.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { installClientPackages } from './client-packages.ts';

const root = new URL('..', import.meta.url).pathname;

function run(command: string, args: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(join(root, 'node_modules/.bin', command), args, { cwd: root, stdio: 'inherit' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly testResults: {
    status: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

let passed = 0;
let failed = 0;
const skipped: string[] = [];
const retried: string[] = [];

async function check(name: string, command: string, args: readonly string[]): Promise<void> {
  const isGood = await run(command, args);
  console.log(`${isGood ? 'ok' : 'FAILED'}: ${name}`);
  if (isGood) passed += 1;
  else failed += 1;
}

async function runTests(...args: string[]): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-test-'));
  const reportPath = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`];
  const isGood = await run('vitest', ['run', ...args, ...reporters]);
  let report: Report | null = null;
  try {
    report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report;
  } catch {
    console.error('The test runner left no report.');
  }
  rmSync(folder, { recursive: true, force: true });
  passed += report?.numPassedTests ?? 0;
  const files = report?.testResults ?? [];
  // A file that cannot be loaded, or whose hooks fail, has no failed test to count.
  const failedFiles = files.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  const failures = (report?.numFailedTests ?? 0) + failedFiles.length;
  // An error outside of any test fails the run without failing a file.
  failed += failures > 0 || isGood ? failures : 1;
  for (const { status, fullName, failureMessages } of files.flatMap(({ assertionResults }) => assertionResults)) {
    if (status !== 'passed' && status !== 'failed') skipped.push(fullName);
    if (status === 'passed' && failureMessages.length > 0)
      retried.push(`${fullName}: ${failureMessages[0]?.split('\n')[0]}`);
  }
}

await check('types', 'tsc', ['-p', '.']);
await check('style', 'biome', ['check', '--error-on-warnings', '.']);
await check('generated files are fresh', 'node', ['scripts/codegen.ts', '--check']);
await check('tables in the documents are fresh', 'node', ['scripts/docs-tables.ts', '--check']);
await runTests();

const packages = await installClientPackages();
if (packages === 'installed') {
  await check('types of tools/clients', 'tsc', ['-p', 'tools/clients']);
  await runTests('--config', 'tools/clients/vitest.config.ts');
} else if (packages === 'unreachable' && process.env.CI === undefined) {
  skipped.push('tools/clients: its packages cannot be installed without a network');
} else {
  console.log('FAILED: the packages of tools/clients cannot be installed');
  failed += 1;
}

if (skipped.length > 0) {
  console.log(`\nSKIPPED, not proven here; README.md says under Development what they need:`);
  for (const name of skipped) console.log(`  - ${name}`);
}
if (retried.length > 0) {
  console.log('\nPASSED ONLY AT THE SECOND TRY, to be looked into:');
  for (const name of retried) console.log(`  - ${name}`);
}
process.exitCode = failed === 0 ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
