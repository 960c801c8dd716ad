/** Races on MySQL whose windows are too short for chance: triggers hold a transaction open at the decisive statement. */
import { afterAll, describe, expect, it, vi } from 'vitest';
import {
  aChange,
  aConversation,
  at,
  aUser,
  createGroup,
  nextId,
  openTestDirectory,
} from '../../contract/directory-drivers.ts';
import { eventually } from '../../support/heliograph.ts';
import { mysqlRequirement } from '../../support/servers/mariadb.ts';
import { createDatabase, type MysqlDatabase, stopMysql } from '../../support/servers/mysql-databases.ts';

vi.setConfig({ testTimeout: 60_000 });
afterAll(stopMysql);

/** Makes each matching statement wait, inside of its transaction, until the lock is released. */
async function holdAt(
  database: MysqlDatabase,
  when: string,
  condition: string,
): Promise<Disposable & { reached(): Promise<void> }> {
  await database.query(`SELECT GET_LOCK('${database.name}', 0)`);
  await database.query(
    `CREATE TRIGGER hold ${when} FOR EACH ROW
     BEGIN IF ${condition} THEN DO GET_LOCK('${database.name}', 10); DO RELEASE_LOCK('${database.name}'); END IF; END`,
  );
  const waiting = "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND state = 'User lock'";
  return {
    reached: () => eventually(async () => (await database.query(waiting)).length > 0, 'a transaction at the trigger'),
    [Symbol.dispose]: () => void database.query(`SELECT RELEASE_LOCK('${database.name}')`),
  };
}

/** Resolves when a transaction waits for a row that another one has locked. */
function someoneWaits(database: MysqlDatabase): Promise<void> {
  return eventually(async () => {
    const [status] = await database.query("SHOW GLOBAL STATUS LIKE 'Innodb_row_lock_current_waits'");
    return Number(status?.Value) > 0;
  }, 'a transaction waits for a row');
}

describe.skipIf(!mysqlRequirement.isMet)(`the directory on MySQL${mysqlRequirement.note}`, () => {
  it('shows no ending of sessions before those with lower numbers', async () => {
    await using database = await createDatabase();
    await using directory = await openTestDirectory(database.url);
    const control = directory.accountControl;
    const users = [];
    for (const user of [aUser(), aUser()])
      users.push(await directory.users.create(user, { passwordHash: null, externalSubject: null }));
    const [first, second] = users.map(({ id }) => id) as [string, string];
    let slow: Promise<void>;
    let quick: Promise<void>;
    {
      using hold = await holdAt(database, 'AFTER INSERT ON session_endings', `NEW.user_id = ${first}`);
      slow = control.signOut(first, at);
      await hold.reached();
      quick = control.signOut(second, at);
      await Promise.race([quick, someoneWaits(database)]);
      expect(await control.listEndings(0)).toEqual([]);
    }
    await Promise.all([slow, quick]);
    expect((await control.listEndings(0)).map(({ userId, seq }) => [userId, seq])).toEqual([
      [first, 1],
      [second, 2],
    ]);
  });

  it('keeps the mark of a membership that is entered while its group becomes large', async () => {
    await using database = await createDatabase();
    await using directory = await openTestDirectory(database.url);
    const { conversations } = directory;
    const group = aConversation();
    const [owner, other] = [nextId(), nextId()];
    const founding = aChange(group, owner, { kind: 'GROUP_CREATED', userIds: [owner, other] });
    await createGroup(conversations, group, founding);
    await conversations.settleChange(founding, 1n, 10);
    const [stays = []] = await conversations.listStaysOf([{ conversationId: group.id, userId: other }]);
    const growing = aChange(group, owner, { kind: 'MEMBERS_ADDED', userIds: [nextId()] });
    let settled: Promise<unknown>;
    let entered: Promise<void>;
    {
      using hold = await holdAt(database, 'AFTER UPDATE ON conversations', 'NEW.is_large = 1');
      settled = conversations.settleChange(growing, 2n, 2);
      await hold.reached();
      entered = conversations.markEntered(stays);
      await someoneWaits(database);
    }
    await Promise.all([settled, entered]);
    expect(await conversations.listOnRead([other])).toHaveLength(1);
  });

  it('repeats a call that the server has undone because of a deadlock', async () => {
    await using database = await createDatabase();
    await using directory = await openTestDirectory(database.url);
    const { id } = await directory.users.create(aUser(), { passwordHash: null, externalSubject: null });
    const device = {
      id: nextId(),
      userId: id,
      name: null,
      createdAt: at,
      lastUsedAt: at,
      revokedAt: null,
      sessionId: 's',
    };
    await directory.devices.put(device, null);
    await database.query('CREATE TABLE heavy (id INT PRIMARY KEY)');
    await database.query('START TRANSACTION');
    // The server undoes the transaction that has written less.
    await database.query('INSERT INTO heavy SELECT seq FROM seq_1_to_1000');
    await database.query('SELECT * FROM devices WHERE id = ? FOR UPDATE', [device.id]);
    const ended = directory.accountControl.signOut(id, at + 1);
    await someoneWaits(database);
    await database.query('SELECT * FROM users WHERE id = ? FOR UPDATE', [id]);
    await database.query('COMMIT');
    await ended;
    const status = (await database.query('SHOW ENGINE INNODB STATUS')) as { Status: string }[];
    expect(status[0]?.Status).toContain('LATEST DETECTED DEADLOCK');
    expect((await directory.devices.get(device.id))?.revokedAt).toBe(at + 1);
  });
});
