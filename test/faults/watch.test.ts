/** `npm run dev`: the server runs under Node's watch mode, and ends with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const root = new URL('../../', import.meta.url);

it('the server that is started again at every change starts, and drains when it is ended', async () => {
  using folder = temporaryFolder();
  const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
    scripts: Record<string, string>;
  };
  const [command, ...args] = (scripts.dev ?? '').split(' ');
  expect(command).toBe('node');
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, PORT: '0', DATA_DIR: folder.path, DRAIN_MS: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      written += chunk;
      if (/ is ready\. /.test(written)) resolve();
      if (written.includes('Failed running')) reject(new Error(written));
    });
  }
  const ended = once(child, 'close');
  try {
    await promise;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
  expect(written).toContain('"message":"stopped"');
});
