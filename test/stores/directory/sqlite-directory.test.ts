import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openSqliteDirectory } from '../../../src/stores/directory/sqlite-directory.ts';
import type { Directory } from '../../../src/stores/directory.ts';
import { aChange, aConversation, aUser, createGroup, nextId } from '../../contract/directory-drivers.ts';
import { temporaryFolder } from '../../support/folders.ts';

const secret = '$argon2id$v=19$m=19456,t=2,p=1$c2VjcmV0$c2VjcmV0';
const timeoutMs = 400;
/** A statement of millions of steps has to end first, on a machine that may be busy with other things. */
const recoveredWithinMs = 60_000;

vi.setConfig({ testTimeout: 2 * recoveredWithinMs });

/** Waits for an answer, which may miss the short deadline of these tests on a busy machine. */
async function eventually<T>(call: () => Promise<T>, answer: T): Promise<void> {
  await expect.poll(() => call().catch(() => null), { timeout: recoveredWithinMs }).toEqual(answer);
}

/** Whether a new user is stored; another one each time, as one whose answer was late exists already. */
async function createAndGet({ users }: Directory): Promise<boolean> {
  const user = await users.create(aUser(), { passwordHash: secret, externalSubject: null });
  const [found] = await users.get([user.id]);
  return found?.username === user.username;
}

describe('the directory in SQLite', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  const open = () =>
    openSqliteDirectory({
      dataDir: folder.path,
      timeoutMs,
      onError: (error) => {
        throw error;
      },
    });
  const openFile = () => new DatabaseSync(join(folder.path, 'directory.db'));

  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder[Symbol.dispose]());

  it('answers in time while another process holds the file, and continues afterwards', async () => {
    await using directory = await open();
    const other = openFile();
    other.exec('BEGIN IMMEDIATE');
    const users = Array.from({ length: 5 }, () => aUser());
    const startedAt = performance.now();
    const results = await Promise.allSettled(
      users.map((user) => directory.users.create(user, { passwordHash: secret, externalSubject: null })),
    );
    expect(performance.now() - startedAt).toBeLessThan(timeoutMs + 200);
    for (const result of results) expect(result).toMatchObject({ reason: { code: 'UNAVAILABLE', retryable: true } });
    await eventually(() => directory.users.get([users[0]?.id ?? '']), [null]);
    other.exec('ROLLBACK');
    other.close();
    await eventually(() => createAndGet(directory), true);
  });

  it('answers in time while the disk is slow, and continues afterwards', async () => {
    await using directory = await open();
    const file = openFile();
    file.exec(`
      CREATE TABLE slowness (steps INTEGER);
      INSERT INTO slowness VALUES (20000000);
      CREATE VIEW slow AS WITH RECURSIVE c (x) AS (
        SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < (SELECT max(steps) FROM slowness)
      ) SELECT count(*) AS n FROM c;
      CREATE TRIGGER slow_users BEFORE INSERT ON users BEGIN SELECT n FROM slow; END;`);
    const login = { passwordHash: secret, externalSubject: null };
    const startedAt = performance.now();
    const calls = [directory.users.create(aUser(), login), directory.users.get([aUser().id])];
    for (const result of await Promise.allSettled(calls))
      expect(result).toMatchObject({ reason: { code: 'UNAVAILABLE' } });
    expect(performance.now() - startedAt).toBeLessThan(timeoutMs + 200);
    const tryDrop = () => {
      try {
        file.exec('DROP TRIGGER slow_users');
        return true;
      } catch {
        return false;
      }
    };
    await expect.poll(tryDrop, { timeout: recoveredWithinMs }).toBe(true);
    file.close();
    await eventually(() => createAndGet(directory), true);
  });

  it('has no values in its errors, which are logged', async () => {
    await using directory = await open();
    const user = aUser();
    await directory.users.create(user, { passwordHash: secret, externalSubject: null });
    const other = openFile();
    other.exec('BEGIN IMMEDIATE');
    const failures: unknown[] = [];
    const note = (error: unknown) => failures.push(error);
    const login = { passwordHash: secret, externalSubject: null };
    const { id: userId, username } = user;
    const device = { id: userId, userId, name: null, createdAt: 1, lastUsedAt: 1, revokedAt: null, sessionId: secret };
    await directory.devices.put(device, null).catch(note);
    await directory.users.create(aUser(), login).catch(note);
    other.close();
    await directory.users.create({ ...aUser(), username }, login).catch(note);
    await directory.users.create({ ...aUser(), id: userId }, login).catch(note);
    expect(failures).toHaveLength(4);
    for (const failure of failures) {
      expect(inspect(failure, { depth: 10 })).not.toContain(secret);
      // The error for clients does not contain the statement either.
      expect((failure as Error).message).not.toMatch(/insert|update/i);
    }
  });

  it('shows a mistake of ours as one instead of asking for a repeat', async () => {
    await using directory = await open();
    await expect(directory.conversations.findDirect(['no', 'ids'])).rejects.toThrow(SyntaxError);
  });

  it('gives users who had left before departures had titles the present one', async () => {
    const [group, owner, left] = [aConversation({ title: 'Team' }), nextId(), nextId()];
    const key = { conversationId: group.id, userId: left };
    const before = await open();
    const founding = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner, left] });
    await createGroup(before.conversations, group, founding);
    await before.conversations.settleChange(founding, 1n, 100);
    await before.conversations.settleChange(aChange(group, left, { kind: 'MEMBER_LEFT', userIds: [left] }), 2n, 100);
    await before[Symbol.asyncDispose]();
    const file = openFile();
    file.exec(`ALTER TABLE members DROP COLUMN left_title;
      DELETE FROM knex_migrations WHERE name = '0009-titles-at-departures'`);
    file.close();
    await using after = await open();
    const stays = await after.conversations.listStaysOf([key, { ...key, userId: owner }]);
    expect(stays).toMatchObject([[{ leftSeq: 2n, leftTitle: 'Team' }], [{ leftSeq: null }]]);
    expect(stays[1]?.[0]).not.toHaveProperty('leftTitle');
  });

  it('keeps its tables when it is opened again, and refuses those of a newer version', async () => {
    await (await open())[Symbol.asyncDispose]();
    const file = openFile();
    const steps = () => file.prepare('SELECT name FROM knex_migrations ORDER BY id').all();
    const first = steps();
    expect(first[0]).toEqual({ name: '0001-directory' });
    for (let round = 0; round < 2; round += 1) await (await open())[Symbol.asyncDispose]();
    expect(steps()).toEqual(first);
    file.exec(`INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('9999-from-the-future', 9, 0)`);
    file.close();
    await expect(open()).rejects.toThrow(/9999-from-the-future/);
  });
});
