/** MySQL is frozen, killed, slow or read-only: running conversations continue, nothing is granted or committed late, and all recovers. */
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { codeOf, countUp, readInbox, within } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { type Answer, eventually, type TestUser } from '../support/heliograph.ts';
import { ServerProcess } from '../support/server-process.ts';
import { type MariadbServer, mysqlRequirement, startMariadb } from '../support/servers/mariadb.ts';
import { administrate, createDatabase, urlOf } from '../support/servers/mysql-databases.ts';

// Processes are started, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 60_000 });

const storeTimeoutMs = 800;
/** A busy machine answers a little after the deadline. */
const boundMs = storeTimeoutMs + 3_000;

const group =
  'mutation ($t: String!, $m: [ID!]!) { createGroup(input: { title: $t, memberIds: $m }) { conversation { id } } }';
const add =
  'mutation ($c: ID!, $u: [ID!]!) { addMembers(input: { conversationId: $c, userIds: $u }) { conversation { memberCount } } }';
const registerAs = (name: string) =>
  `mutation { register(input: { username: "${name}", password: "correct horse" }) { session { user { id } } } }`;

describe.skipIf(mysqlRequirement.program === null)(`a directory on MySQL${mysqlRequirement.note}`, () => {
  const folder = temporaryFolder();
  let mariadb: MariadbServer;
  let name: string;
  let server: ServerProcess;
  let [alice, bob, carol] = [] as unknown as [TestUser, TestUser, TestUser];
  let groupId: string;

  beforeAll(async () => {
    mariadb = await startMariadb();
    const database = await createDatabase(urlOf(mariadb));
    name = database.name;
    await database.query("CREATE USER app@'127.0.0.1' IDENTIFIED BY 'secret'");
    await database.query(`GRANT ALL ON \`${name}\`.* TO app@'127.0.0.1'`);
    server = new ServerProcess({
      DATA_DIR: folder.path,
      MYSQL_URL: `mysql://app:secret@127.0.0.1:${mariadb.port}/${name}`,
      JWT_SECRET: 'a secret of at least thirty-two characters',
      STORE_TIMEOUT_MS: String(storeTimeoutMs),
    });
    await server.start();
    [alice, bob, carol] = [await server.user('alice'), await server.user('bob'), await server.user('carol')];
    groupId = (await alice.ask(group, { t: 'three', m: [bob.id] })).createGroup.conversation.id;
    await alice.send({ conversationId: groupId }, 'healthy');
  });

  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    await mariadb[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const execute = async (sql: string, values: unknown[] = []) => {
    const administrator = await administrate(urlOf(mariadb), name);
    return administrator.query(sql, values);
  };

  /** Requests that need the directory. */
  const requests = (round: string): Promise<Answer>[] => [
    alice.post(group, { t: `new ${round}`, m: [bob.id] }),
    alice.post(add, { c: groupId, u: [carol.id] }),
    server.post(registerAs(`dave-${round}`)),
    server.post(
      'mutation { logIn(input: { username: "bob", password: "correct horse" }) { session { accessToken } } }',
    ),
    carol.sendRaw({ to: { userId: bob.id }, text: 'a new conversation', clientMessageId: round }),
  ];

  it.each([
    ['frozen', () => mariadb.program.signal('SIGSTOP'), () => mariadb.program.signal('SIGCONT')],
    ['killed', () => mariadb.program.end('SIGKILL'), () => mariadb.program.start()],
    ['read-only', () => execute('SET GLOBAL read_only = 1'), () => execute('SET GLOBAL read_only = 0')],
  ])('keeps conversations going while it is %s, and recovers', async (fault, begin, end) => {
    const seen = await bob.stream('0').until(({ texts }) => texts.includes('healthy'));
    await begin();
    const answers = requests(fault);
    for (const n of countUp(10))
      expect(await within(boundMs, alice.send({ conversationId: groupId }, `${fault} ${n}`), 'a send')).toMatchObject({
        status: 'SENT',
      });
    await seen.until(({ texts }) => texts.includes(`${fault} 10`));
    const codes = (await within(boundMs, Promise.all(answers), 'an answer')).map(codeOf);
    // A read-only server still finds users and passwords, but stores no session.
    expect(codes).toEqual(answers.map(() => 'UNAVAILABLE'));
    await eventually(async () => (await server.ready()).body.degraded.includes('directory'), 'reported', boundMs);
    expect((await server.ready()).status).toBe(503);
    await end();
    await eventually(async () => (await server.ready()).status === 200, 'ready again', 30_000);

    // Nothing was committed after the answer: the name and the group do not exist.
    expect(await execute('SELECT username FROM users WHERE username LIKE ?', [`dave-${fault}`])).toEqual([]);
    expect(await execute('SELECT title FROM conversations WHERE title = ?', [`new ${fault}`])).toEqual([]);
    expect(codeOf(await server.post(registerAs(`dave-${fault}`)))).toBeNull();
    await alice.send({ conversationId: groupId }, `after ${fault}`);
    await seen.until(({ texts }) => texts.includes(`after ${fault}`));
    expect(seen.error).toBeNull();
    expect(bob.closes).toEqual([]);
  });

  it('answers in time while it is slow, and makes each change once', async () => {
    const other = await administrate(urlOf(mariadb), name);
    await other.query('START TRANSACTION');
    await other.query('SELECT * FROM conversations FOR UPDATE');
    await other.query('SELECT * FROM users FOR UPDATE');
    const answers = [alice.post(add, { c: groupId, u: [carol.id] }), alice.post(group, { t: 'slow', m: [bob.id] })];
    const codes = (await within(boundMs, Promise.all(answers), 'an answer')).map(codeOf);
    expect(codes[0]).toBe('UNAVAILABLE');
    await other.query('COMMIT');
    const members = `{ conversation(id: "${groupId}") { memberCount } }`;
    await eventually(
      async () => codeOf(await alice.post(add, { c: groupId, u: [carol.id] })) === null,
      'the change',
      30_000,
    );
    expect((await alice.ask(members)).conversation.memberCount).toBe(3);
  });

  it('leaves every inbox whole', async () => {
    const entries = await readInbox(bob);
    expect(entries.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(entries.length));
  });
});
