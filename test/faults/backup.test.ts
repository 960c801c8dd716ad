/** A backup as docs/operation.md says: of a server that was stopped, or that stands still while its folder is copied. */
import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { countUp, readInbox } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

it.each(['was stopped', 'stands still'] as const)(
  'a copy of a server that %s holds all it had answered',
  async (how) => {
    using folder = temporaryFolder();
    const [dataDir, copy] = [join(folder.path, 'data'), join(folder.path, 'copy')];
    await using server = new ServerProcess({ DATA_DIR: dataDir });
    await server.start();
    const [alice, bob] = [await server.user('alice'), await server.user('bob')];
    const { conversationId } = await alice.send({ userId: bob.id }, 'hello');
    const sends = new Sends();
    const keepSending = () => countUp(4).map(() => sends.keepSending(alice, { conversationId }));
    let traffic = keepSending();
    await sends.more(100);

    if (how === 'was stopped') {
      sends.stop();
      await Promise.all(traffic);
      expect(await server.end('SIGTERM')).toBe(0);
    } else {
      server.signal('SIGSTOP');
    }
    const before = new Map(sends.answered);
    cpSync(dataDir, copy, { recursive: true });
    if (how === 'was stopped') {
      await server.start();
      traffic = keepSending();
    } else {
      server.signal('SIGCONT');
    }
    await sends.more(100);
    sends.stop();
    await Promise.all(traffic);
    await sends.resend();
    const seen = (await readInbox(bob)).length;
    expect(seen).toBe(sends.answered.size + 1);

    await server.end('SIGTERM');
    rmSync(dataDir, { recursive: true });
    renameSync(copy, dataDir);
    await server.start();
    // Sessions are in the folder, too: the tokens from before are good.
    const restored = await readInbox(bob);
    expect(restored.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(restored.length));
    const byClientId = new Map(restored.map(({ message }) => [message.clientMessageId, message]));
    for (const [clientMessageId, { id, seq, text }] of before)
      expect(byClientId.get(clientMessageId)).toMatchObject({ id, seq, text });
    const { errors } = await bob.post(`{ offlineMessages(afterSeq: "${seen}") { nextSeq } }`);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'CURSOR_AHEAD', headSeq: String(restored.length) });
  },
);
