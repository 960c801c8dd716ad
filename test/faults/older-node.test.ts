/** A start under a Node that cannot run the sources. */
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

/** Starts the server under a Node that reports another version. */
function startUnder(version: string) {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
  return spawnSync(process.execPath, ['--import', preload, 'start.js'], {
    cwd: root,
    encoding: 'utf8',
    // A start that is not refused ends here.
    env: { ...process.env, PORT: 'not a port' },
  });
}

it.each(['18.20.8', '20.20.2', '22.23.5', '24.6.0'])('Node %s is refused with one sentence', (version) => {
  const { status, stdout, stderr } = startUnder(version);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe(
    `Heliograph needs Node.js 24.7 or newer but was started with ${version}: ` +
      'install a newer one, or run `npm ci`, which installs one for this project.\n',
  );
});

it.each(['24.7.0', '24.10.1', '26.0.0'])('Node %s starts the server', (version) => {
  expect(startUnder(version).stderr).toContain('PORT must be a whole number');
});
