/** Relay's object identification: any object by its id, refetching, and paging in both directions. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGroup } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: TestUser;
let bob: TestUser;
let carol: TestUser;
let group: string;
let message: Json;

const node = `query ($id: ID!) { node(id: $id) { __typename id
  ... on User { username }
  ... on Conversation { title memberCount }
  ... on Member { role user { id } conversation { id } }
  ... on Message { text }
  ... on Device { isCurrent } } }`;
const nodeAs = async (user: TestUser, id: string) => (await user.ask(node, { id })).node;
const leave = 'mutation ($c: ID!) { leaveGroup(input: { conversationId: $c }) { conversation { id } } }';

beforeAll(async () => {
  server = await startServer();
  [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
  group = await createGroup(alice, [bob]);
  message = await alice.send({ conversationId: group }, 'hello');
});
afterAll(() => server[Symbol.asyncDispose]());

describe('node', () => {
  it('finds each kind of object by its id', async () => {
    const { username } = bob.session.user;
    expect(await nodeAs(alice, bob.id)).toEqual({ __typename: 'User', id: bob.id, username });
    expect(await nodeAs(alice, group)).toEqual({
      __typename: 'Conversation',
      id: group,
      title: 'Team',
      memberCount: 2,
    });
    expect(await nodeAs(alice, message.id)).toEqual({ __typename: 'Message', id: message.id, text: 'hello' });
    const { deviceId } = alice.session;
    expect(await nodeAs(alice, deviceId)).toEqual({ __typename: 'Device', id: deviceId, isCurrent: true });
    const member = `${group}-${bob.id}`;
    const [user, conversation] = [{ id: bob.id }, { id: group }];
    const expected = { __typename: 'Member', id: member, role: 'MEMBER', user, conversation };
    expect(await nodeAs(alice, member)).toEqual(expected);
  });

  it('shows nobody what is hidden from them', async () => {
    const { conversationId, id } = await alice.send({ userId: bob.id }, 'between us');
    const hidden = [group, message.id, `${group}-${bob.id}`, alice.session.deviceId, conversationId, id];
    for (const one of hidden) expect(await nodeAs(carol, one)).toBeNull();
    for (const one of ['1', '', '1-1', `${group}-1`, `${group}-${carol.id}`, `x-${bob.id}`])
      expect(await nodeAs(alice, one)).toBeNull();
  });

  it('finds no member who has left, and no member for one who has', async () => {
    const other = await createGroup(alice, [bob, carol]);
    await carol.ask(leave, { c: other });
    expect(await nodeAs(alice, `${other}-${carol.id}`)).toBeNull();
    for (const user of [alice, bob, carol]) expect(await nodeAs(carol, `${other}-${user.id}`)).toBeNull();
    expect(await nodeAs(carol, other)).toMatchObject({ __typename: 'Conversation' });
  });

  it('finds many at once, in the order asked for, and at most 100', async () => {
    const nodes = 'query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }';
    const ids = [message.id, '1', bob.id, group, bob.id];
    expect((await alice.ask(nodes, { ids })).nodes).toEqual([
      { __typename: 'Message', id: message.id },
      null,
      { __typename: 'User', id: bob.id },
      { __typename: 'Conversation', id: group },
      { __typename: 'User', id: bob.id },
    ]);
    expect(await alice.fails(nodes, { ids: Array.from({ length: 101 }, () => '1') })).toBe('BAD_USER_INPUT');
  });

  it('counts the pages behind it into the cost', async () => {
    const deep = `{ nodes(ids: ["1"]) { ... on Conversation { messages(last: 500) { nodes { id text } } } } }`;
    expect(await alice.fails(deep)).toBe('QUERY_TOO_COMPLEX');
  });
});

/** Reads a list page by page, in one direction, and answers the pages. */
async function pagesOf(list: string, forward: boolean): Promise<Json[]> {
  const pages: Json[] = [];
  const [size, at] = forward ? ['first', 'after'] : ['last', 'before'];
  for (let cursor: string | null = null; ; ) {
    const query = `query ($cursor: String, $id: ID!) { at: node(id: $id) { ... on Conversation { id ${list.startsWith('members') ? list.replace('$', `${size}: 2, ${at}: $cursor`) : ''} } }
      ${list.startsWith('members') ? '' : list.replace('$', `${size}: 2, ${at}: $cursor`)} }`;
    const answer = await alice.ask(query, { cursor, id: group });
    const page: Json = answer.at.members ?? answer.conversations;
    pages.push(page);
    const { hasNextPage, hasPreviousPage, startCursor, endCursor } = page.pageInfo;
    expect(forward ? hasPreviousPage : hasNextPage).toBe(cursor !== null);
    if (!(forward ? hasNextPage : hasPreviousPage)) return pages;
    cursor = forward ? endCursor : startCursor;
  }
}

describe('a page', () => {
  const pageInfo = 'pageInfo { hasNextPage hasPreviousPage startCursor endCursor }';
  const lists = {
    members: `members($) { nodes { id } ${pageInfo} }`,
    conversations: `conversations($) { nodes { id } ${pageInfo} }`,
  };

  it.each(Object.entries(lists))('of %s goes on in both directions', async (_name, list) => {
    const more = await Promise.all([1, 2, 3].map(() => server.user()));
    const add =
      'mutation ($c: ID!, $u: [ID!]!) { addMembers(input: { conversationId: $c, userIds: $u }) { conversation { id } } }';
    await alice.ask(add, { c: group, u: more.map(({ id }) => id) });
    for (const { id } of more) await alice.send({ userId: id }, 'hi');
    const forward = (await pagesOf(list, true)).map(({ nodes }) => nodes);
    const backward = (await pagesOf(list, false)).map(({ nodes }) => nodes);
    expect(forward.flat().length).toBeGreaterThan(4);
    expect(backward.toReversed().flat()).toEqual(forward.flat());
  });
});
