import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeMessageStores, type OpenStores, rows } from './message-store-drivers.ts';

const month = '2026-01';

describeMessageStores('MessageStore', (open) => {
  let store: OpenStores;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store[Symbol.asyncDispose]());

  it('counts no call and holds nothing back once it is at rest', async () => {
    await store.check();
    await store.messageLog.append([{ conversationId: '1', month, rows: rows('1', 1, 50) }]);
    expect(store.pending).toBe(0);
    await expect.poll(() => store.stats()).toEqual({ pending: 0, backlog: 0, setAside: 0 });
    await store.check();
  });
});
