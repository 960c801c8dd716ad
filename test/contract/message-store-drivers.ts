/** Every driver of the message store. A new one is proven by adding it here. */
import { describe } from 'vitest';
import { openSqliteMessageStore } from '../../src/stores/journal/sqlite-message-store.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import type { MessageRow } from '../../src/stores/message-log.ts';
import type { MessageStore } from '../../src/stores/message-store.ts';
import { openMongoMessageStore } from '../../src/stores/mongo/mongo-message-store.ts';
import { temporaryFolder } from '../support/folders.ts';
import { mongoRequirement } from '../support/servers/mongodb.ts';
import { sharedMongoUrl } from '../support/servers/shared-mongo.ts';

export interface OpenStores extends MessageStore {
  /** Closes and opens again on the same data; memory forgets nothing because it is not closed. */
  reopen(): Promise<void>;
}

const failOnError = (error: unknown): never => {
  throw error;
};

async function openSqlite(): Promise<OpenStores> {
  const folder = temporaryFolder();
  const open = () => openSqliteMessageStore({ dataDir: folder.path, timeoutMs: 5_000, onError: failOnError });
  return reopening(await open(), open, async () => folder[Symbol.dispose]());
}

async function openMongo(): Promise<OpenStores> {
  const { url, drop } = await sharedMongoUrl();
  const open = () =>
    openMongoMessageStore({
      url,
      directoryId: 'test',
      timeoutMs: 5_000,
      clock: Date.now,
      elapsed: () => performance.now(),
      onError: failOnError,
      onWaiting: async (error) => failOnError(error),
    });
  return reopening(await open(), open, drop);
}

function reopening(first: MessageStore, open: () => Promise<MessageStore>, remove: () => Promise<void>): OpenStores {
  let store = first;
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
      await remove();
    },
  };
}

async function openMemory(): Promise<OpenStores> {
  return { ...createMemoryMessageStore(), reopen: async () => {} };
}

const drivers: [name: string, open: () => Promise<OpenStores>, isHere: boolean][] = [
  ['memory', openMemory, true],
  ['sqlite', openSqlite, true],
  [`mongo${mongoRequirement.note}`, openMongo, mongoRequirement.isMet],
];

/** A suite for every driver. Where a driver's server is missing, its suite is skipped and says so. */
export function describeMessageStores(title: string, suite: (open: () => Promise<OpenStores>) => void): void {
  for (const [name, open, isHere] of drivers) describe.skipIf(!isHere)(`${title} on ${name}`, () => suite(open));
}

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
