/** Every driver of the directory. A new one is proven by adding it here. */
import { afterAll, describe, expect } from 'vitest';
import type { Conversation } from '../../src/domain/conversation.ts';
import type { SystemEvent } from '../../src/domain/message.ts';
import type { User } from '../../src/domain/user.ts';
import type { ConversationStore, MembershipChange } from '../../src/stores/conversation-store.ts';
import { openMysqlDirectory } from '../../src/stores/directory/mysql-directory.ts';
import { openSqliteDirectory } from '../../src/stores/directory/sqlite-directory.ts';
import type { Directory } from '../../src/stores/directory.ts';
import { createMemoryDirectory } from '../../src/stores/memory/memory-directory.ts';
import { temporaryFolder } from '../support/folders.ts';
import { mysqlRequirement } from '../support/servers/mariadb.ts';
import { createDatabase, stopMysql } from '../support/servers/mysql-databases.ts';

export interface OpenDirectory extends Directory {
  /** Closes and opens again on the same data; memory forgets nothing because it is not closed. */
  reopen(): Promise<void>;
}

const failOnError = (error: unknown) => {
  throw error;
};

async function openSqlite(): Promise<OpenDirectory> {
  const folder = temporaryFolder();
  return openOn(folder, () => openSqliteDirectory({ dataDir: folder.path, timeoutMs: 5_000, onError: failOnError }));
}

async function openMysql(): Promise<OpenDirectory> {
  const database = await createDatabase();
  return openOn(database, () => openTestDirectory(database.url));
}

/** The directory in a MySQL database that can be reached. */
export function openTestDirectory(url: string, timeoutMs = 5_000): Promise<Directory> {
  const onWaiting = async (reason: Error) => failOnError(reason);
  return openMysqlDirectory({ url, timeoutMs, connectionsMax: 5, onError: failOnError, onWaiting });
}

/** @param place - of the data, disposed of with the directory */
async function openOn(place: Disposable | AsyncDisposable, open: () => Promise<Directory>): Promise<OpenDirectory> {
  await using stack = new AsyncDisposableStack();
  stack.use(place);
  let directory = await open();
  const opened = stack.move();
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
      await opened.disposeAsync();
    },
  };
}

async function openMemory(): Promise<OpenDirectory> {
  return { ...createMemoryDirectory(), reopen: async () => {} };
}

const drivers: [name: string, open: () => Promise<OpenDirectory>, isHere: boolean][] = [
  ['memory', openMemory, true],
  ['sqlite', openSqlite, true],
  [`mysql${mysqlRequirement.note}`, openMysql, mysqlRequirement.isMet],
];

/** A suite for every driver. Where a driver's server is missing, its suite is skipped and says so. */
export function describeDirectories(title: string, suite: (open: () => Promise<OpenDirectory>) => void): void {
  for (const [name, open, isHere] of drivers) describe.skipIf(!isHere)(`${title} on ${name}`, () => suite(open));
  afterAll(stopMysql);
}

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
