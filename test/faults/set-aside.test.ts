/** A damaged journal: the server starts, serves everything else, and reports the operations that it could not store. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it, vi } from 'vitest';
import { lockDatabase, readInbox, within } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventually } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

it('starts on a journal with a row that cannot be read, reports it, and drains', async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path });
  await server.start();
  const [alice, bob] = [await server.user('alice'), await server.user('bob')];
  await alice.send({ userId: bob.id }, 'before');
  expect(await server.end('SIGTERM')).toBe(0);
  {
    using messages = new DatabaseSync(join(folder.path, 'messages.db'));
    using journal = new DatabaseSync(join(folder.path, 'journal.db'));
    const applied = messages.prepare('SELECT journal_id FROM applied').get()?.journal_id as number;
    journal.prepare('INSERT INTO journal VALUES (?, ?)').run(applied + 1, '[["m","cut off');
  }

  await server.start();
  const status = async () => (await server.ready()).body as { status: string; setAside?: number };
  await eventually(async () => (await status()).setAside === 1, 'the row is set aside');
  expect(await status()).toMatchObject({ status: 'ready', degraded: [] });
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^heliograph_store_set_aside 1$/m);
  expect(server.stdout).toMatch(/Journal row \d+: an operation that cannot be read was set aside \(SyntaxError\)/);
  expect(server.stdout).not.toContain('cut off');
  await alice.send({ userId: bob.id }, 'after');
  expect((await readInbox(bob)).map(({ message }) => message.text)).toEqual(['before', 'after']);
  expect(await server.end('SIGTERM')).toBe(0);
});

it('answers history, inboxes and streams around a message that was set aside', async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path });
  await server.start();
  const [alice, bob] = [await server.user('alice'), await server.user('bob')];
  const { conversationId } = await alice.send({ userId: bob.id }, 'one');
  {
    // What is sent now stays in the journal.
    using _lock = lockDatabase(folder.path, 'messages.db', 'IMMEDIATE');
    for (const text of ['two', 'three']) await alice.send({ userId: bob.id }, text);
    await server.end('SIGKILL');
  }
  {
    using journal = new DatabaseSync(join(folder.path, 'journal.db'));
    const changed = journal.prepare(
      `UPDATE journal SET entry = replace(entry, '["m",', '["damaged",') WHERE entry LIKE ?`,
    );
    expect(changed.run('%two%').changes).toBe(1);
  }

  await server.start();
  await eventually(async () => (await server.ready()).status === 200, 'it is ready');
  expect((await readInbox(bob)).map(({ message }) => message.text)).toEqual(['one', 'three']);
  const query = 'query ($c: ID!) { history(conversationId: $c, last: 10) { nodes { text } } }';
  const { history } = await within(5_000, bob.ask(query, { c: conversationId }), 'history');
  expect(history.nodes.map(({ text }: { text: string }) => text)).toEqual(['one', 'three']);
  const stream = bob.stream('0');
  await stream.until(({ texts }) => texts.includes('three'));
  await alice.send({ userId: bob.id }, 'four');
  await stream.until(({ texts }) => texts.includes('four'));
  expect((await readInbox(bob)).map(({ message }) => message.text)).toEqual(['one', 'three', 'four']);
  expect(await server.end('SIGTERM')).toBe(0);
});
