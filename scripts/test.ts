/**
 * Everything that must hold before a change lands: types, style, fresh generated files, and the tests. The last line counts them.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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
for (const [name, command, ...args] of [
  ['types', 'tsc', '-p', '.'],
  ['style', 'biome', 'check', '--error-on-warnings', '.'],
  ['generated files are fresh', 'node', 'scripts/codegen.ts', '--check'],
  ['tables in the documents are fresh', 'node', 'scripts/docs-tables.ts', '--check'],
] as const) {
  const isGood = await run(command, args);
  console.log(`${isGood ? 'ok' : 'FAILED'}: ${name}`);
  if (isGood) passed += 1;
  else failed += 1;
}

const folder = mkdtempSync(join(tmpdir(), 'heliograph-test-'));
const reportPath = join(folder, 'report.json');
const isGood = await run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${reportPath}`]);
let report: Report | null = null;
try {
  report = JSON.parse(readFileSync(reportPath, 'utf8')) as Report;
} catch {
  console.error('The test runner left no report.');
}
rmSync(folder, { recursive: true, force: true });
passed += report?.numPassedTests ?? 0;
// A file that cannot be loaded, or whose hooks fail, has no failed test to count.
const failedFiles =
  report?.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  ) ?? [];
const failures = (report?.numFailedTests ?? 0) + failedFiles.length;
// An error outside of any test fails the run without failing a file.
failed += failures > 0 || isGood ? failures : 1;
const skipped =
  report?.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status !== 'passed' && status !== 'failed'),
  ) ?? [];
if (skipped.length > 0) {
  console.log(`\nSKIPPED, not proven here; README.md says under Development what they need:`);
  for (const { fullName } of skipped) console.log(`  - ${fullName}`);
}
const retried =
  report?.testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status, failureMessages }) => status === 'passed' && failureMessages.length > 0),
  ) ?? [];
if (retried.length > 0) {
  console.log('\nPASSED ONLY AT THE SECOND TRY, to be looked into:');
  for (const { fullName, failureMessages } of retried)
    console.log(`  - ${fullName}: ${failureMessages[0]?.split('\n')[0]}`);
}
process.exitCode = failed === 0 && isGood ? 0 : 1;
console.log(`${passed} passed, ${failed} failed`);
