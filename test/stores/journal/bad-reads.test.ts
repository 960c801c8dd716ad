/** A stored row that cannot be read fails the calls that ask for it, and nothing else. */
import { expect, it } from 'vitest';
import { aRow, rows } from '../../contract/message-store-drivers.ts';
import { JournalFiles, listOf, month } from './journal-files.ts';

it('answers every other call of the same round', async () => {
  using files = new JournalFiles();
  await using store = await files.openStore();
  await store.messageLog.append([
    { conversationId: '1', month, rows: rows('1', 1, 2) },
    { conversationId: '2', month, rows: rows('2', 1, 2) },
  ]);
  await expect.poll(() => store.stats(), { timeout: 15_000 }).toMatchObject({ backlog: 0 });
  {
    using messages = files.open('messages.db');
    messages.exec(`UPDATE message_2026_01 SET kind = 44 WHERE conversation_id = 1 AND seq = 2`);
  }
  const [bad, good, appended] = await Promise.allSettled([
    listOf(store, '1'),
    listOf(store, '2'),
    store.messageLog.append([{ conversationId: '3', month, rows: [aRow({ conversationId: '3', seq: 1n })] }]),
  ]);
  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'UNAVAILABLE' } });
  expect(good).toMatchObject({ status: 'fulfilled', value: [[1], [2]].map(([seq]) => [seq, expect.any(String)]) });
  expect(appended).toMatchObject({ status: 'fulfilled', value: [{ appended: 1 }] });
  await expect(listOf(store, '1')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  // Reported once, however often it is asked for.
  expect(files.reports).toEqual(['44 is not the code of a kind of log entries']);
});
