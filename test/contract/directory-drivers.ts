/** Every driver of the directory. A new one is proven by adding it here. */
import { expect } from 'vitest';
import type { Conversation } from '../../src/domain/conversation.ts';
import type { SystemEvent } from '../../src/domain/message.ts';
import type { User } from '../../src/domain/user.ts';
import type { ConversationStore, MembershipChange } from '../../src/stores/conversation-store.ts';
import { openSqliteDirectory } from '../../src/stores/directory/sql-directory.ts';
import type { Directory } from '../../src/stores/directory.ts';
import { createMemoryDirectory } from '../../src/stores/memory/memory-directory.ts';
import { temporaryFolder } from '../support/folders.ts';

export interface OpenDirectory extends Directory {
  /** Closes and opens again on the same data; memory forgets nothing because it is not closed. */
  reopen(): Promise<void>;
}

const failOnError = (error: unknown) => {
  throw error;
};

async function openSqlite(): Promise<OpenDirectory> {
  const folder = temporaryFolder();
  const open = () => openSqliteDirectory({ dataDir: folder.path, timeoutMs: 5_000, onError: failOnError });
  let directory = await open();
  return {
    get users() {
      return directory.users;
    },
    get accountControl() {
      return directory.accountControl;
    },
    get devices() {
      return directory.devices;
    },
    get conversations() {
      return directory.conversations;
    },
    ping: () => directory.ping(),
    async reopen() {
      await directory[Symbol.asyncDispose]();
      directory = await open();
    },
    async [Symbol.asyncDispose]() {
      await directory[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

async function openMemory(): Promise<OpenDirectory> {
  return { ...createMemoryDirectory(), reopen: async () => {} };
}

export const directoryDrivers: [string, () => Promise<OpenDirectory>][] = [
  ['memory', openMemory],
  ['sqlite', openSqlite],
];

/** Near 2^63, where two neighbours are the same number to a float. */
let lastId = 2n ** 63n - 1_000_000n;

/** An id that is larger than all before it. */
export function nextId(): string {
  lastId += 1n;
  return lastId.toString();
}

export const at = Date.UTC(2026, 4, 17, 12, 30, 15, 123);

export function aUser(over: Partial<User> = {}): User {
  const id = nextId();
  return {
    id,
    username: `user-${id.slice(-6)}`,
    displayName: 'Ädä 🌻',
    avatarUrl: null,
    externalId: null,
    createdAt: at,
    ...over,
  };
}

export function aConversation(over: Partial<Conversation> = {}): Conversation {
  const texts = { title: 'Team 🌻', description: null, avatarUrl: null };
  return { id: nextId(), kind: 'GROUP', ...texts, createdAt: at, firstMonth: '2026-05', ...over };
}

export function aChange(conversation: Conversation, actorId: string, event: SystemEvent): MembershipChange {
  return { id: nextId(), conversationId: conversation.id, actorId, event, at };
}

/** Stores a group, with its founding claimed by nobody. */
export async function createGroup(store: ConversationStore, group: Conversation, founding: MembershipChange) {
  expect(await store.createGroup(group, founding, 0, null)).toEqual(group);
}

/** Records a change for the members that the store has now, claimed by nobody. */
export async function beginChange(store: ConversationStore, change: MembershipChange): Promise<void> {
  const [state] = await store.get([change.conversationId]);
  expect(await store.beginChange(change, state?.version ?? 0n, 0)).toBe('begun');
}
