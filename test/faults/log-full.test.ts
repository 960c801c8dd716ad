/** Standard output goes to a disk that is full: the server does without its log. */
import { expect, it, vi } from 'vitest';
import { codeOf, lockDatabase, within } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const boundMs = 10_000;

it.skipIf(process.platform !== 'linux')('a log that cannot be written stops neither the work nor the end', async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess(
    { DATA_DIR: folder.path, STORE_TIMEOUT_MS: '400' },
    // Every write to it fails as on a full disk.
    { logPath: '/dev/full' },
  );
  await within(boundMs, server.start(), 'the start');
  const [alice, bob] = [await server.user('alice'), await server.user('bob')];
  {
    // A fault, so that there is something to log.
    using _lock = lockDatabase(folder.path, 'journal.db', 'IMMEDIATE');
    const refused = alice.sendRaw({ to: { userId: bob.id }, text: 'refused', clientMessageId: 'c1' });
    expect(codeOf(await within(boundMs, refused, 'a send'))).toBe('UNAVAILABLE');
  }
  await eventually(async () => (await within(boundMs, server.ready(), '/readyz')).status === 200, 'ready again');
  expect(await alice.send({ userId: bob.id }, 'taken')).toMatchObject({ status: 'SENT' });
  expect(await within(boundMs, server.end('SIGTERM'), 'SIGTERM')).toBe(0);
});
