/** The process is killed at any point of its start: its remains do not prevent the next start. */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, vi } from 'vitest';
import { temporaryFolder } from '../support/folders.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const kills = Number(process.env.KILLS ?? 4);

it(`a server killed while it starts can be started (${kills} kills)`, async () => {
  // Each on a folder of its own: it is the first start that has the most to do.
  for (let round = 0; round < kills; round += 1) {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path });
    const ended = server.failToStart();
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 350));
    server.signal('SIGKILL');
    await ended;
    await server.start();
    await server.user('alice');
  }
}, 120_000);

it('a server killed while it brings the tables up to date can be started', async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path });
  await server.start();
  const alice = await server.user('alice');
  await server.end('SIGKILL');
  const file = new DatabaseSync(join(folder.path, 'directory.db'));
  file.exec('UPDATE knex_migrations_lock SET is_locked = 1');
  file.close();
  await server.start();
  expect((await alice.ask('{ viewer { user { username } } }')).viewer.user.username).toBe('alice');
});
