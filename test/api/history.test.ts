import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGroup, numbers } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const at = (text: string) => Date.parse(text);

let now = at('2026-01-10T12:00:00.000Z');
let server: TestServer;
beforeAll(async () => {
  // Time passes in months, by both clocks, and a token must outlive a test.
  const clock = () => now;
  server = await startServer({ PAGE_SIZE_MAX: '20', ACCESS_TOKEN_TTL_S: '86400' }, clock, clock);
});
afterAll(() => server[Symbol.asyncDispose]());

const historyQuery = `query ($c: ID!, $range: HistoryRange, $first: Int, $after: String, $last: Int, $before: String) {
  history(conversationId: $c, range: $range, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { seq sentAt text } } nodes { seq }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;

interface Page {
  readonly seqs: string[];
  readonly cursors: string[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

async function page(user: TestUser, conversationId: string, args: object = {}): Promise<Page> {
  const { history } = await user.ask(historyQuery, { c: conversationId, ...args });
  const seqs = history.edges.map(({ node }: Json) => node.seq);
  expect(history.nodes.map(({ seq }: Json) => seq)).toEqual(seqs);
  const cursors = history.edges.map(({ cursor }: Json) => cursor);
  const { hasNextPage, hasPreviousPage, startCursor, endCursor } = history.pageInfo;
  expect([startCursor, endCursor]).toEqual([cursors[0] ?? null, cursors.at(-1) ?? null]);
  return { seqs, cursors, hasNext: hasNextPage, hasPrevious: hasPreviousPage };
}

/** Three months of a conversation: 4 messages in January, 3 in February, 5 in March of 2026, an hour apart from noon on. */
let alice: TestUser;
let bob: TestUser;
let conversationId: string;
beforeAll(async () => {
  [alice, bob] = [await server.user(), await server.user()];
  for (const [start, count] of [
    ['2026-01-10T12:00:00.000Z', 4],
    ['2026-02-10T12:00:00.000Z', 3],
    ['2026-03-10T12:00:00.000Z', 5],
  ] as const) {
    now = at(start);
    [alice, bob] = [await again(alice), await again(bob)];
    for (let index = 0; index < count; index += 1) {
      ({ conversationId } = await alice.send({ userId: bob.id }, `${start} ${index}`));
      now += 60 * 60 * 1000;
    }
  }
});

/** A session that is good at this time. */
async function again(user: TestUser): Promise<TestUser> {
  const { data } = await server.post(
    'mutation ($input: LogInInput!) { logIn(input: $input) { session { accessToken refreshToken deviceId user { id username } } } }',
    { input: { username: user.session.user.username, password: 'correct horse' } },
  );
  user.session = data?.logIn.session;
  return user;
}

describe('history over three months', () => {
  it('gives the newest page first, in the order of seq', async () => {
    expect((await page(bob, conversationId)).seqs).toEqual(numbers(1, 12));
    const newest = await page(bob, conversationId, { last: 4 });
    expect(newest).toMatchObject({ seqs: numbers(9, 12), hasNext: false, hasPrevious: true });
    const oldest = await page(bob, conversationId, { first: 4 });
    expect(oldest).toMatchObject({ seqs: numbers(1, 4), hasNext: true, hasPrevious: false });
    const { history } = await bob.ask(historyQuery, { c: conversationId, last: 1 });
    expect(history.edges[0].node).toEqual({
      seq: '12',
      sentAt: '2026-03-10T16:00:00.000Z',
      text: '2026-03-10T12:00:00.000Z 4',
    });
  });

  it.each([1, 2, 3, 5, 11, 12, 13, 20])('is read whole in pages of %i, from either end', async (size) => {
    const forwards: string[] = [];
    for (let after: string | undefined, isMore = true; isMore; ) {
      const next = await page(bob, conversationId, { first: size, after });
      expect(next.hasPrevious).toBe(forwards.length > 0);
      forwards.push(...next.seqs);
      after = next.cursors.at(-1);
      isMore = next.hasNext;
    }
    expect(forwards).toEqual(numbers(1, 12));
    const backwards: string[] = [];
    for (let before: string | undefined, isMore = true; isMore; ) {
      const next = await page(bob, conversationId, { last: size, before });
      expect(next.hasNext).toBe(backwards.length > 0);
      backwards.unshift(...next.seqs);
      before = next.cursors[0];
      isMore = next.hasPrevious;
    }
    expect(backwards).toEqual(numbers(1, 12));
  });

  it('continues after or before a cursor, and between two', async () => {
    const { cursors } = await page(bob, conversationId);
    const [fourth, ninth, last] = [cursors[3], cursors[8], cursors[11]];
    for (const [args, seqs, hasPrevious, hasNext] of [
      [{ first: 2, after: fourth }, ['5', '6'], true, true],
      [{ last: 2, before: fourth }, ['2', '3'], true, true],
      [{ last: 2, after: fourth }, ['11', '12'], true, false],
      [{ first: 2, before: fourth }, ['1', '2'], false, true],
      [{ first: 20, after: fourth, before: ninth }, numbers(5, 8), true, true],
      [{ last: 2, after: fourth, before: ninth }, ['7', '8'], true, true],
      [{ first: 2, after: fourth, before: ninth }, ['5', '6'], true, true],
      [{ first: 5, after: last }, [], true, false],
      [{ first: 5, after: ninth, before: fourth }, [], true, true],
    ] as const) {
      expect(await page(bob, conversationId, args), JSON.stringify(args)).toMatchObject({
        seqs,
        hasPrevious,
        hasNext,
      });
    }
  });

  it.each([
    [{ from: '2026-02-10T12:00:00.000Z' }, 5, 12],
    [{ from: '2026-02-10T12:00:00.001Z' }, 6, 12],
    [{ to: '2026-02-10T12:00:00.000Z' }, 1, 4],
    [{ to: '2026-02-10T12:00:00.001Z' }, 1, 5],
    [{ from: '2026-01-10T13:00:00.000Z', to: '2026-03-10T14:00:00.000Z' }, 2, 9],
    [{ from: '2026-01-31T23:59:59.999Z', to: '2026-03-01T00:00:00.000Z' }, 5, 7],
    [{ from: '2026-02-01T00:00:00.000Z', to: '2026-02-28T23:59:59.999Z' }, 5, 7],
    [{ from: '2026-02-10T14:00:00+02:00', to: '2026-02-10T15:00:00+02:00' }, 5, 5],
    [{ from: '1970-01-01T00:00:00Z', to: '9999-12-31T23:59:59.999Z' }, 1, 12],
    [{ from: '2026-02-11T00:00:00Z', to: '2026-03-01T00:00:00Z' }, 1, 0],
    [{ from: '2026-04-01T00:00:00Z' }, 1, 0],
    [{ to: '2026-01-01T00:00:00Z' }, 1, 0],
    [{ from: '2026-02-10T12:00:00Z', to: '2026-02-10T12:00:00Z' }, 1, 0],
    [{ from: null, to: null }, 1, 12],
  ])('takes from a range %j, its end left out, what was sent in it', async (range, from, to) => {
    expect((await page(bob, conversationId, { range })).seqs).toEqual(numbers(from, to));
    expect((await page(bob, conversationId, { range, first: 20 })).seqs).toEqual(numbers(from, to));
  });

  it('pages within a range, whose ends are the first and the last page', async () => {
    const range = { from: '2026-01-10T15:00:00.000Z', to: '2026-03-10T13:00:00.000Z' };
    const first = await page(bob, conversationId, { range, first: 2 });
    expect(first).toMatchObject({ seqs: ['4', '5'], hasPrevious: false, hasNext: true });
    const second = await page(bob, conversationId, { range, first: 3, after: first.cursors[1] });
    expect(second).toMatchObject({ seqs: ['6', '7', '8'], hasPrevious: true, hasNext: false });
    const newest = await page(bob, conversationId, { range, last: 2 });
    expect(newest).toMatchObject({ seqs: ['7', '8'], hasPrevious: true, hasNext: false });
  });
});

describe('history', () => {
  it('refuses invalid page sizes, ranges and foreign cursors', async () => {
    const other = await createGroup(alice, [bob]);
    const [foreign] = (await page(bob, other)).cursors;
    const { cursors } = await page(bob, conversationId);
    const text = Buffer.from(cursors[0] ?? '', 'base64url').toString();
    const otherVersion = Buffer.from(text.replace('v1', 'v2')).toString('base64url');
    expect(otherVersion).not.toBe(cursors[0]);
    const { conversations } = await bob.ask('{ conversations(first: 5) { edges { cursor } } }');
    for (const args of [
      { first: 1, last: 1 },
      { first: 0 },
      { last: 0 },
      { first: -1 },
      { first: 21 },
      { last: 21 },
      { range: { from: '2026-03-01T00:00:00Z', to: '2026-02-01T00:00:00Z' } },
      { range: { from: '2026-02-30T00:00:00Z' } },
      ...[foreign, otherVersion, conversations.edges[0].cursor, 'garbage', '', ' '].flatMap((cursor) => [
        { first: 1, after: cursor },
        { last: 1, before: cursor },
      ]),
    ]) {
      expect(await bob.fails(historyQuery, { c: conversationId, ...args }), JSON.stringify(args)).toBe(
        'BAD_USER_INPUT',
      );
    }
    const stranger = await server.user();
    for (const c of [conversationId, '1', 'no id', '']) {
      expect(await stranger.fails(historyQuery, { c, first: 1 })).toBe('NOT_FOUND');
    }
  });

  it('shows a user who left and rejoined the messages of their stays', async () => {
    const carol = await server.user();
    const group = await createGroup(alice, [bob]);
    const change = async (name: string) =>
      alice.ask(
        `mutation ($c: ID!, $u: [ID!]!) { ${name}(input: { conversationId: $c, userIds: $u }) { conversation { id } } }`,
        {
          c: group,
          u: [carol.id],
        },
      );
    const say = async (text: string) => (await alice.send({ conversationId: group }, text)).sentAt;
    await say('before'); // 2
    now += 1000;
    await change('addMembers'); // 3
    const sentAt = await say('between'); // 4
    await change('removeMembers'); // 5
    now += 1000;
    await say('after'); // 6
    const shown = await page(carol, group, { first: 20 });
    expect(shown).toMatchObject({ seqs: ['3', '4', '5'], hasPrevious: false, hasNext: false });
    expect((await page(carol, group, { last: 1 })).seqs).toEqual(['5']);
    expect((await page(carol, group, { range: { from: sentAt } })).seqs).toEqual(['3', '4', '5']);
    const { cursors } = await page(alice, group);
    expect((await page(carol, group, { first: 20, after: cursors[0] })).seqs).toEqual(['3', '4', '5']);
    expect((await page(carol, group, { last: 20, before: cursors[5] })).seqs).toEqual(['3', '4', '5']);
    expect((await page(carol, group, { first: 20, after: cursors[4] })).seqs).toEqual([]);
    await change('addMembers'); // 7
    await say('again'); // 8
    expect((await page(carol, group)).seqs).toEqual(['3', '4', '5', '7', '8']);
    expect((await page(bob, group)).seqs).toEqual(numbers(1, 8));
  });
});
