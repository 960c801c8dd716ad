/** A start under a Node that cannot run the sources. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

/** Starts the server, or another program, under a Node that reports another version. */
function startUnder(version: string, program = 'start.js') {
  const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } });`;
  const preload = `data:text/javascript,${encodeURIComponent(pretend)}`;
  return spawnSync(process.execPath, ['--import', preload, program], {
    cwd: root,
    encoding: 'utf8',
    // A start that is not refused ends here.
    env: { ...process.env, PORT: 'not a port' },
  });
}

/** The first Node on the path that is too old: that of the machine, where this project brings a newer one. */
function findOlderNode(): { path: string; version: string } | null {
  for (const folder of process.env.PATH?.split(delimiter) ?? []) {
    const path = join(folder, 'node');
    const [, version = '', major] =
      /^v((\d+)\.\d+\.\d+)/.exec(spawnSync(path, ['-v'], { encoding: 'utf8' }).stdout ?? '') ?? [];
    if (Number(major) >= 16 && Number(major) < 24) return { path, version };
  }
  return null;
}

const older = findOlderNode();

const refusal = (version: string) =>
  `Heliograph needs Node.js 24.7 or newer but was started with ${version}: ` +
  'install a newer one, or run `npm ci`, which installs one for this project.\n';

it.each(['18.20.8', '20.20.2', '22.23.5', '24.6.0'])('Node %s is refused with one sentence', (version) => {
  const { status, stdout, stderr } = startUnder(version);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toBe(refusal(version));
});

it('an older Node is refused for the commands of operators too', () => {
  expect(startUnder('22.23.5', 'heliograph.js')).toMatchObject({ status: 1, stdout: '', stderr: refusal('22.23.5') });
  expect(startUnder('24.7.0', 'heliograph.js')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('heliograph users'),
  });
});

it.skipIf(older === null && process.env.CI === undefined)(
  "the machine's older Node is refused with one sentence",
  () => {
    const { path = '', version = '' } = older ?? {};
    const { status, stdout, stderr } = spawnSync(
      path,
      ['--max-semi-space-size=16', '--no-parallel-scavenge', 'start.js'],
      {
        cwd: root,
        encoding: 'utf8',
      },
    );
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: refusal(version) });
  },
);

it.each(['24.7.0', '24.10.1', '26.0.0'])('Node %s starts the server', (version) => {
  expect(startUnder(version).stderr).toContain('PORT must be a whole number');
});
