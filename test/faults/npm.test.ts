import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/free-port.ts';
import { eventually } from '../support/heliograph.ts';

const isListening = (port: string) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.unref();
    socket.once('connect', () => socket.destroy());
  });

it('a server started by npm drains when npm gets a signal', async () => {
  using folder = temporaryFolder();
  const port = await freePort();
  const root = new URL('../../', import.meta.url);
  const env = { ...process.env, PORT: port, DATA_DIR: `${folder.path}/data`, DRAIN_MS: '0' };
  const npm = spawn('npm', ['start', '--silent'], { cwd: root, env, stdio: ['ignore', 'pipe', 'ignore'] });
  let log = '';
  npm.stdout.on('data', (chunk) => {
    log += chunk;
  });
  await eventually(() => log.includes('heliograph is ready'), 'the server', 20_000);
  expect(await isListening(port)).toBe(true);
  const ended = once(npm, 'exit');
  npm.kill('SIGTERM');
  await ended;
  await eventually(async () => !(await isListening(port)), 'the end of the server', 15_000);
  await eventually(() => log.includes('"stopped"'), 'the last line', 5_000);
}, 60_000);
