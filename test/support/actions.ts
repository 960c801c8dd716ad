/** Common actions of API tests. */
import { type Events, eventually, type Json, type TestServer, TestUser } from './heliograph.ts';

/** Signs a user in once more, as another device; the caller closes it. */
export async function otherDevice(server: TestServer, user: TestUser): Promise<TestUser> {
  const { data, errors } = await server.post(
    `mutation ($input: LogInInput!) { logIn(input: $input) { session { accessToken refreshToken deviceId user { id username } } } }`,
    { input: { username: user.session.user.username, password: 'correct horse' } },
  );
  if (data?.logIn == null) throw new Error(JSON.stringify(errors));
  return new TestUser(server, data.logIn.session);
}

/** Lets two users send each other a message, after which each sees the other's presence. */
export async function becomeContacts(a: TestUser, b: TestUser): Promise<void> {
  await a.send({ userId: b.id }, 'hello');
  await b.send({ userId: a.id }, 'hello yourself');
  const query = 'query ($ids: [ID!]!) { presence(userIds: $ids) { status } }';
  await eventually(async () => (await a.ask(query, { ids: [b.id] })).presence[0].status !== 'UNKNOWN', 'contact');
}

/** Creates a group and answers its id. */
export async function createGroup(owner: TestUser, members: readonly TestUser[]): Promise<string> {
  const { createGroup: created } = await owner.ask(
    'mutation ($input: CreateGroupInput!) { createGroup(input: $input) { conversation { id } } }',
    { input: { title: 'Team', memberIds: members.map(({ id }) => id) } },
  );
  return created.conversation.id;
}

export const ackMutation = `mutation ($input: AckMessagesInput!) { ackMessages(input: $input) {
  ackedSeq conversations { id deliveredSeq readSeq unreadCount } } }`;

export async function ack(user: TestUser, input: object): Promise<Json> {
  return (await user.ask(ackMutation, { input })).ackMessages;
}

export const offlineQuery = `query ($afterSeq: Seq!, $first: Int) { offlineMessages(afterSeq: $afterSeq, first: $first) {
  nextSeq headSeq hasMore truncated { inboxSeq conversationId fromSeq toSeq }
  entries { inboxSeq message { id seq text kind conversationId senderId } } } }`;

/** One page of `offlineMessages`. */
export async function offline(user: TestUser, afterSeq: string, first = 500): Promise<Json> {
  return (await user.ask(offlineQuery, { afterSeq, first })).offlineMessages;
}

/** The numbers `from` to `to`, as they are written on the wire. */
export function numbers(from: number, to: number): string[] {
  return Array.from({ length: to - from + 1 }, (_, index) => String(from + index));
}

/**
 * Reads a stream as a strict client does, and answers the numbers that did not follow one another: each is the next one, unless
 * a StreamHeartbeat has said that all up to it was delivered.
 */
export function holesIn({ values }: Events): string[] {
  const holes: string[] = [];
  let position = BigInt(values[0]?.startSeq ?? 0);
  const moveTo = (seq: string) => {
    if (BigInt(seq) !== position + 1n) holes.push(`${seq} after ${position}`);
    position = BigInt(seq);
  };
  for (const { __typename, position: told, inboxSeq, backlogs } of values.slice(1)) {
    if (__typename === 'StreamTruncated') for (const backlog of backlogs) moveTo(backlog.inboxSeq);
    else if (__typename === 'MessageReceived' && inboxSeq !== null) moveTo(inboxSeq);
    else if (__typename === 'StreamHeartbeat') {
      if (BigInt(told) < position) holes.push(`a heartbeat of ${told} after ${position}`);
      position = BigInt(told);
    }
  }
  return holes;
}
