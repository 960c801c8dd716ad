/**
 * The process is killed in the middle of changes of membership, syncs of a large group and acknowledgements: positions never go
 * back, each change is made whole or not at all, and every inbox stays without a gap or a double.
 */
import { expect, it } from 'vitest';
import { codeOf, countUp, type InboxEntry, readInbox } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import type { Answer, TestUser } from '../support/heliograph.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';

const kills = Number(process.env.KILLS ?? 4);

const createGroup =
  'mutation ($t: String!, $m: [ID!]!) { createGroup(input: { title: $t, memberIds: $m }) { conversation { id } } }';
const change = (verb: string) =>
  `mutation ($c: ID!, $u: [ID!]!) { ${verb}(input: { conversationId: $c, userIds: $u }) { conversation { memberCount } } }`;
const ackMutation = `mutation ($i: AckMessagesInput!) { ackMessages(input: $i) { ackedSeq } }`;
const positionsQuery = '{ conversations { nodes { id deliveredSeq readSeq } } }';
const syncQuery = `query ($a: Seq!) { offlineMessages(afterSeq: $a, first: 50) {
  nextSeq headSeq truncated { inboxSeq } entries { inboxSeq message { id } } } }`;

/** One member who syncs and acknowledges, and holds the server to everything it has answered. */
class Reader {
  readonly user: TestUser;
  /** Message ids by inbox number, as they were first read. */
  readonly read = new Map<string, string>();
  next = 0n;
  head = 0n;
  acked = 0n;
  readonly positions = new Map<string, { deliveredSeq: bigint; readSeq: bigint }>();

  constructor(user: TestUser) {
    this.user = user;
  }

  async step(): Promise<void> {
    const page = (await this.ask(syncQuery, { a: String(this.next) }))?.offlineMessages;
    if (page === undefined) return;
    for (const { inboxSeq: seq, message } of page.entries) {
      this.next += 1n;
      expect(seq).toBe(String(this.next));
      this.read.set(seq, message.id);
    }
    expect(page.truncated).toEqual([]);
    expect(page.nextSeq).toBe(String(this.next));
    expect(BigInt(page.headSeq)).toBeGreaterThanOrEqual(this.head);
    this.head = BigInt(page.headSeq);
    await this.acknowledge(this.next);
    await this.look();
  }

  async acknowledge(seq: bigint): Promise<void> {
    const ack = (await this.ask(ackMutation, { i: { status: 'READ', upToInboxSeq: String(seq) } }))?.ackMessages;
    if (ack == null) return;
    expect(BigInt(ack.ackedSeq)).toBeGreaterThanOrEqual(this.acked > seq ? this.acked : seq);
    this.acked = BigInt(ack.ackedSeq);
  }

  /** The user's own positions, which never decrease. */
  async look(): Promise<void> {
    for (const { id, deliveredSeq, readSeq } of (await this.ask(positionsQuery))?.conversations.nodes ?? []) {
      const before = this.positions.get(id) ?? { deliveredSeq: 0n, readSeq: 0n };
      const now = { deliveredSeq: BigInt(deliveredSeq), readSeq: BigInt(readSeq) };
      expect(now.deliveredSeq).toBeGreaterThanOrEqual(before.deliveredSeq);
      expect(now.readSeq).toBeGreaterThanOrEqual(before.readSeq);
      this.positions.set(id, now);
    }
  }

  private async ask(query: string, variables: object = {}): Promise<Answer['data']> {
    const answer = await unlessGone(this.user.post(query, variables));
    if (answer !== null && codeOf(answer) !== null) expect(codeOf(answer)).toBe('UNAVAILABLE');
    return answer?.data ?? undefined;
  }
}

/** A killed server does not answer a request. */
const unlessGone = (answer: Promise<Answer>): Promise<Answer | null> => answer.catch(() => null);

it(`a server killed in changes, syncs and acknowledgements keeps all of them (${kills} kills)`, async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({
    DATA_DIR: folder.path,
    FAN_OUT_ON_WRITE_MAX_MEMBERS: '3',
    ACCESS_TOKEN_TTL_S: '7200',
  });
  await server.start();
  const users: TestUser[] = [];
  for (const n of countUp(5)) users.push(await server.user(`user${n}`));
  const [owner, bob, carol, dave, erin] = users as [TestUser, TestUser, TestUser, TestUser, TestUser];
  const ids = (members: TestUser[]) => members.map(({ id }) => id);
  // Fanned out on read, and one that crosses the threshold with each change.
  const large = (await owner.ask(createGroup, { t: 'large', m: ids([bob, carol, dave, erin]) })).createGroup
    .conversation.id as string;
  const changing = (await owner.ask(createGroup, { t: 'changing', m: ids([bob, carol]) })).createGroup.conversation
    .id as string;

  const sends = new Sends();
  const readers = [bob, carol, dave].map((user) => new Reader(user));
  let isStopped = false;
  const repeat = async (step: () => Promise<unknown>) => {
    while (!isStopped) await step();
  };
  /** The last answer about each of the two who come and go; null while it is unknown. */
  const isIn = new Map<string, boolean | null>([dave, erin].map(({ id }) => [id, false]));
  const changeOne = async () => {
    const { id } = Math.random() < 0.5 ? dave : erin;
    const isToBeIn = isIn.get(id) === null ? Math.random() < 0.5 : isIn.get(id) !== true;
    isIn.set(id, null);
    const answer = await unlessGone(
      owner.post(change(isToBeIn ? 'addMembers' : 'removeMembers'), { c: changing, u: [id] }),
    );
    if (answer !== null && codeOf(answer) === null) isIn.set(id, isToBeIn);
  };

  for (let round = 0; round < kills; round += 1) {
    isStopped = false;
    const traffic = [
      sends.keepSending(owner, { conversationId: large }),
      sends.keepSending(bob, { conversationId: changing }),
      sends.keepSending(carol, { conversationId: large }),
      repeat(changeOne),
      ...readers.map((reader) => repeat(() => reader.step())),
    ];
    await sends.more(30 + Math.floor(Math.random() * 60));
    const ended = server.end('SIGKILL');
    isStopped = true;
    sends.stop();
    await ended;
    await Promise.all(traffic);
    await server.start();
    await sends.resend();
    for (const reader of readers) {
      // An acknowledgement without news returns the stored position.
      await reader.acknowledge(0n);
      await reader.look();
    }
    await checkMembers();
  }

  async function checkMembers(): Promise<InboxEntry['message'][]> {
    const log: InboxEntry['message'][] = [];
    for (let after: string | null = null; ; ) {
      const { history } = await owner.ask(
        `query ($c: ID!, $a: String) { history(conversationId: $c, first: 500, after: $a) {
          pageInfo { hasNextPage endCursor } nodes { id seq systemEvent { kind users { id } } } } }`,
        { c: changing, a: after },
      );
      log.push(...history.nodes);
      if (!history.pageInfo.hasNextPage) break;
      after = history.pageInfo.endCursor;
    }
    expect(log.map(({ seq }) => seq)).toEqual(countUp(log.length));
    const said = new Map<string, boolean>([dave, erin].map(({ id }) => [id, false]));
    for (const { systemEvent } of log) {
      if (systemEvent === null || systemEvent.kind === 'GROUP_CREATED') continue;
      const [{ id }] = systemEvent.users;
      const isAdded = systemEvent.kind === 'MEMBERS_ADDED';
      // A change is said once: nobody is added who is in, or removed who is not.
      expect(said.get(id)).toBe(!isAdded);
      said.set(id, isAdded);
    }
    const { conversation } = await owner.ask(
      'query ($c: ID!) { conversation(id: $c) { memberCount members { nodes { user { id } } } } }',
      { c: changing },
    );
    const members: string[] = conversation.members.nodes.map(({ user }: { user: { id: string } }) => user.id);
    for (const [id, isSaid] of said) {
      expect(members.includes(id)).toBe(isSaid);
      const answered = isIn.get(id);
      if (answered !== null) expect(isSaid).toBe(answered);
      isIn.set(id, isSaid);
    }
    expect(conversation.memberCount).toBe(members.length);
    return log;
  }

  const log = await checkMembers();
  for (const reader of readers) {
    const inbox = await readInbox(reader.user, 'id seq conversationId systemEvent { kind users { id } }');
    expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(inbox.length));
    expect(new Set(inbox.map(({ message }) => message.id)).size).toBe(inbox.length);
    // A message that was read under a number before a kill keeps that number.
    for (const [seq, id] of reader.read) expect(inbox[Number(seq) - 1]?.message.id).toBe(id);
    const larges = inbox.filter(({ message }) => message.conversationId === large);
    expect(larges.map(({ message }) => message.seq)).toEqual(countUp(larges.length));
    const changings = inbox.filter(({ message }) => message.conversationId === changing).map(({ message }) => message);
    if (reader.user !== dave) {
      expect(changings.map(({ id }) => id)).toEqual(log.map(({ id }) => id));
      continue;
    }
    // No messages from times in which he was not a member.
    const visible = new Set<string>();
    let isMember = false;
    for (const { id, systemEvent } of log) {
      const isAboutHim = systemEvent?.users.some((user: { id: string }) => user.id === dave.id) === true;
      if (isAboutHim) isMember = systemEvent.kind === 'MEMBERS_ADDED';
      if (isMember || isAboutHim) visible.add(id);
    }
    for (const { id } of changings) expect(visible).toContain(id);
  }
  const inbox = new Map((await readInbox(bob)).map(({ message }) => [message.clientMessageId, message]));
  for (const [clientMessageId, { id, seq, text }] of sends.answered)
    expect(inbox.get(clientMessageId)).toMatchObject({ id, seq, text });
  expect(inbox.size).toBe(sends.answered.size + 1 + log.filter(({ systemEvent }) => systemEvent !== null).length);
}, 180_000);
