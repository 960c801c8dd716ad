/** Every driver of the message store. A new one is proven by adding it here. */
import { openSqliteMessageStore } from '../../src/stores/journal/sqlite-message-store.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import type { MessageRow } from '../../src/stores/message-log.ts';
import type { MessageStore } from '../../src/stores/message-store.ts';
import { temporaryFolder } from '../support/folders.ts';

export interface OpenStores extends MessageStore {
  /** Closes and opens again on the same data; memory forgets nothing because it is not closed. */
  reopen(): Promise<void>;
}

const failOnError = (error: unknown) => {
  throw error;
};

async function openSqlite(): Promise<OpenStores> {
  const folder = temporaryFolder();
  const open = () => openSqliteMessageStore({ dataDir: folder.path, timeoutMs: 5_000, onError: failOnError });
  let store = await open();
  return {
    get messageLog() {
      return store.messageLog;
    },
    get inboxes() {
      return store.inboxes;
    },
    get receipts() {
      return store.receipts;
    },
    get pending() {
      return store.pending;
    },
    check: () => store.check(),
    stats: () => store.stats(),
    async reopen() {
      await store[Symbol.asyncDispose]();
      store = await open();
    },
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function openMemory(): Promise<OpenStores> {
  return { ...createMemoryMessageStore(), reopen: async () => {} };
}

export const messageStoreDrivers: [string, () => Promise<OpenStores>][] = [
  ['memory', openMemory],
  ['sqlite', openSqlite],
];

let made = 0;

/** A row that differs from all others by default. */
export function aRow(over: Partial<MessageRow> = {}): MessageRow {
  made += 1;
  return {
    id: String(10_000 + made),
    conversationId: '1',
    seq: 1n,
    ordinal: 1n,
    membershipSeq: 0n,
    kind: 'USER',
    senderId: '7',
    key: `7:c${made}`,
    body: '{"text":"hello"}',
    sentAt: Date.UTC(2026, 0, 15),
    followed: false,
    ...over,
  };
}

/** Rows `from` to `to` of a conversation. */
export function rows(conversationId: string, from: number, to: number, over: Partial<MessageRow> = {}): MessageRow[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const seq = BigInt(from + index);
    return aRow({ conversationId, seq, ordinal: seq, sentAt: Date.UTC(2026, 0, 15) + Number(seq) * 10, ...over });
  });
}
