/** Every query on a request path goes by an index: its cost does not depend on how many members or memberships there are. */
import { join } from 'node:path';
import knexFactory, { type Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrationSource } from '../../../src/stores/directory/migrations.ts';
import { NodeSqliteClient } from '../../../src/stores/directory/node-sqlite-dialect.ts';
import { createSqlConversationStore } from '../../../src/stores/directory/sql-conversation-store.ts';
import { aChange, aConversation, nextId } from '../../contract/directory-drivers.ts';
import { temporaryFolder } from '../../support/folders.ts';

describe('the directory', () => {
  const folder = temporaryFolder();
  const onError = (error: unknown) => {
    throw error;
  };
  let knex: Knex;
  let checked = 0;
  let queries: { sql: string; bindings: readonly unknown[] }[] = [];
  beforeAll(async () => {
    knex = knexFactory({
      client: NodeSqliteClient as unknown as typeof Knex.Client,
      connection: { filename: join(folder.path, 'directory.db'), timeoutMs: 5_000, onError } as object,
      useNullAsDefault: true,
      pool: { min: 1, max: 1 },
    });
    await knex.migrate.latest({ migrationSource });
    knex.on('query', ({ sql, bindings }: { sql: string; bindings: readonly unknown[] }) => {
      queries.push({ sql, bindings });
    });
  });
  afterAll(async () => {
    await knex.destroy();
    folder[Symbol.dispose]();
  });

  /** The steps of the queries that a call made which read a whole table, or sort. */
  async function expensiveSteps(call: () => Promise<unknown>): Promise<string[]> {
    queries = [];
    await call();
    const made = queries.filter(({ sql }) => /^(select|update|delete|with)/i.test(sql));
    checked += made.length;
    const found: string[] = [];
    for (const { sql, bindings } of made) {
      const steps = (await knex.raw(`EXPLAIN QUERY PLAN ${sql}`, bindings as Knex.RawBinding[])) as {
        detail: string;
      }[];
      // Constants that a statement lists itself are read whole: they are as many as the caller names.
      const details = steps.map(({ detail }) => detail).filter((detail) => !/VALUES CLAUSE|CONSTANT ROW/.test(detail));
      for (const detail of details) if (/^SCAN|TEMP B-TREE/.test(detail)) found.push(`${sql}: ${detail}`);
    }
    return found;
  }

  it('answers every question about members by an index', async () => {
    const store = createSqlConversationStore(knex, 5_000);
    const [group, userIds] = [aConversation(), Array.from({ length: 4 }, () => nextId())];
    const [owner, member, leaving, newcomer] = userIds as [string, string, string, string];
    const founded = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner, member, leaving] });
    const added = aChange(group, owner, { kind: 'MEMBERS_ADDED', userIds: [newcomer] });
    const removed = aChange(group, owner, { kind: 'MEMBERS_REMOVED', userIds: [owner, leaving] });
    const direct = await store.openDirect(aConversation({ kind: 'DIRECT', title: null }), [owner, member]);
    const key = { conversationId: group.id, userId: member };
    const calls: [string, () => Promise<unknown>][] = [
      ['createGroup', () => store.createGroup(group, founded, 0, 'g')],
      ['createGroup again', () => store.createGroup(group, founded, 0, 'g')],
      ['findOpenChange', () => store.findOpenChange(group.id)],
      ['listOpenChanges', () => store.listOpenChanges(1, 10)],
      ['claimChange', () => store.claimChange(founded.id, 1, 2)],
      ['settleChange', () => store.settleChange(founded, 1n, 3)],
      ['beginChange', () => store.beginChange(added, 1n, 0)],
      ['settleChange to large', () => store.settleChange(added, 2n, 3)],
      ['beginChange', () => store.beginChange(removed, 2n, 0)],
      ['settleChange without owner', () => store.settleChange(removed, 3n, 3)],
      ['get', () => store.get([group.id, direct.id])],
      ['findDirect', () => store.findDirect([owner, member])],
      ['listStaysOf', () => store.listStaysOf([key, { ...key, userId: leaving }])],
      ['pageMembers', () => store.pageMembers(group.id, { afterId: '1', limit: 10 })],
      ['pageMembers', () => store.pageMembers(group.id, { beforeId: '9', limit: 10, fromEnd: true })],
      ['listOnRead', () => store.listOnRead([member])],
      ['markEntered', () => store.markEntered([{ ...key, role: 'MEMBER', joinedSeq: 0n, leftSeq: null }])],
      ['noteSent', () => store.noteSent({ conversationId: direct.id, userId: owner })],
      ['noteSent', () => store.noteSent({ conversationId: direct.id, userId: member })],
      ['findContacts', () => store.findContacts(owner, [member, leaving])],
      ['listContacts', () => store.listContacts(owner, 10)],
      ['dropChange', () => store.dropChange(added)],
    ];
    const expensive: Record<string, string[]> = {};
    for (const [name, call] of calls) {
      const steps = await expensiveSteps(call);
      if (steps.length > 0) expensive[name] = steps;
    }
    expect(expensive).toEqual({});
    expect(checked).toBeGreaterThan(calls.length);
  });
});
