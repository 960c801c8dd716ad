/**
 * The power fails during a write: after the flushed data, the file contains a part of a frame, or old data of the disk. The next start
 * recovers exactly the committed writes, which are all the answered ones.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { countUp, readInbox } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';

const pageBytes = 4096;

/** A frame of SQLite's write-ahead log, cut off somewhere: of this log by its salts, for the page given, and not complete. */
function tornFrame(wal: Buffer): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32BE(randomInt(1, 20), 0);
  // A commit, had it come through: it names the size of the database.
  header.writeUInt32BE(randomInt(20, 100), 4);
  wal.copy(header, 8, 16, 24);
  randomBytes(8).copy(header, 16);
  const frame = Buffer.concat([header, randomBytes(pageBytes)]);
  return frame.subarray(0, randomInt(1, frame.length + 1));
}

const tails: [string, (wal: Buffer) => Buffer][] = [
  ['a frame that is cut off', tornFrame],
  ['whatever was there', () => randomBytes(randomInt(1, 3 * pageBytes))],
  ['zeros', () => Buffer.alloc(randomInt(1, 3 * pageBytes))],
  [
    'several frames that belong together and do not match',
    (wal) => Buffer.concat(countUp(3).map(() => tornFrame(wal))),
  ],
];

it('a torn end of any log costs nothing that was answered', async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path, ACCESS_TOKEN_TTL_S: '7200' });
  await server.start();
  const [alice, bob] = [await server.user('alice'), await server.user('bob')];
  const { conversationId } = await alice.send({ userId: bob.id }, 'hello');
  const sends = new Sends();
  let torn = 0;
  for (const [, makeTail] of tails) {
    const traffic = countUp(4).map(() => sends.keepSending(alice, { conversationId }));
    await sends.more(40);
    const user = await server.user();
    const ended = server.end('SIGKILL');
    sends.stop();
    await ended;
    await Promise.all(traffic);
    for (const name of ['journal.db-wal', 'messages.db-wal', 'directory.db-wal']) {
      const path = join(folder.path, name);
      if (!existsSync(path)) continue;
      const wal = readFileSync(path);
      if (wal.length > 0) torn += 1;
      appendFileSync(path, makeTail(wal));
    }
    await server.start();
    expect((await user.ask('{ viewer { user { id } } }')).viewer.user.id).toBe(user.id);
    await sends.resend();
    const inbox = await readInbox(bob);
    expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(sends.answered.size + 1));
    expect(inbox.map(({ message }) => message.seq)).toEqual(countUp(sends.answered.size + 1));
    const byClientId = new Map(inbox.map(({ message }) => [message.clientMessageId, message]));
    for (const [clientMessageId, { id, seq, text }] of sends.answered)
      expect(byClientId.get(clientMessageId)).toMatchObject({ id, seq, text });
  }
  expect(torn).toBeGreaterThanOrEqual(tails.length);
}, 30_000);
