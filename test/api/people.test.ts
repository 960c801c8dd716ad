/** Finding users and changing one's own profile. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, register, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const search = `query ($search: String!, $first: Int, $after: String) { users(search: $search, first: $first, after: $after) {
  nodes { username } edges { cursor node { username } } pageInfo { hasNextPage hasPreviousPage endCursor } } }`;
const update = `mutation ($input: UpdateProfileInput!) { updateProfile(input: $input) {
  user { id displayName avatarUrl } } }`;

let server: TestServer;
let alice: TestUser;

beforeAll(async () => {
  server = await startServer();
  alice = await server.user('alice');
});
afterAll(() => server[Symbol.asyncDispose]());

const names = async (text: string, more: object = {}): Promise<string[]> =>
  (await alice.ask(search, { search: text, ...more })).users.nodes.map(({ username }: Json) => username);
const change = async (user: TestUser, input: object) => (await user.ask(update, { input })).updateProfile.user;

describe('a search for users', () => {
  it('finds them by the beginning of any word of their names, in any script', async () => {
    const [bob, taro] = [await server.user('bob_the.builder'), await server.user('taro')];
    await change(bob, { displayName: 'Bob Bäumeister' });
    await change(taro, { displayName: '山田太郎' });
    for (const text of ['bob', 'BUIL', 'baum', 'bäum bob'])
      expect(await names(text), text).toEqual(['bob_the.builder']);
    for (const text of ['山田', '太郎', 'taro']) expect(await names(text), text).toEqual(['taro']);
    for (const text of ['ob', 'bob taro', 'nobody']) expect(await names(text), text).toEqual([]);
  });

  it.each([
    ['anna', 'Анна Каренина', ['кар', 'АННА К'], ['енина']],
    ['nastasia', 'Αναστασία Παπαδοπούλου', ['ΑΝΑΣ', 'παπαδ'], ['στασ']],
    ['muhammad', 'مُحَمَّد العلي', ['محمد', 'العل'], ['علي']],
    ['david', 'דָּוִד כהן', ['דוד', 'כה'], ['וד']],
    ['priya', 'प्रिया शर्मा', ['प्रि', 'शर्मा'], ['मा']],
    ['somchai', 'สมชายใจดี', ['สมชาย', 'ใจดี'], ['ชาย']],
    ['chulsoo', '김철수', ['김', '김철'], ['수']],
    ['xiaoming', '王小明', ['王', '小明'], ['明']],
    ['lukasz', 'Łukasz Strauß', ['luk', 'STRAUSS'], ['asz']],
  ] as const)('finds %s by %s, and not by the middle of a word', async (username, displayName, found, missed) => {
    await change(await server.user(username), { displayName });
    for (const text of found) expect(await names(text), text).toEqual([username]);
    for (const text of missed) expect(await names(text), text).toEqual([]);
  });

  it('forgets a display name that was changed', async () => {
    const carol = await server.user('carol');
    await change(carol, { displayName: 'Nightingale' });
    expect(await names('night')).toEqual(['carol']);
    await change(carol, { displayName: 'Carol' });
    expect(await names('night')).toEqual([]);
    expect(await names('carol')).toEqual(['carol']);
  });

  it('pages through all that match, each once', async () => {
    for (const index of [1, 2, 3, 4, 5])
      await change(await server.user(`zoe.zoe${index}`), { displayName: `Zoe Zoe${index}` });
    const seen: string[] = [];
    for (let after: string | null = null; ; ) {
      const { users }: Json = await alice.ask(search, { search: 'zoe', first: 2, after });
      expect(users.edges.map(({ node }: Json) => node)).toEqual(users.nodes);
      seen.push(...users.nodes.map(({ username }: Json) => username));
      expect(users.pageInfo.hasPreviousPage).toBe(after !== null);
      if (!users.pageInfo.hasNextPage) break;
      after = users.pageInfo.endCursor;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5].map((index) => `zoe.zoe${index}`));
  });

  it('refuses what is not a search, and other lists’ cursors', async () => {
    for (const text of ['', '  ', '🌻', '%_', 'a b c d e f', 'x'.repeat(300)])
      expect(await alice.fails(search, { search: text }), text).toBe('BAD_USER_INPUT');
    for (const after of ['', 'x', Buffer.from('["v1","s","\\ud800","1"]').toString('base64url')])
      expect(await alice.fails(search, { search: 'a', after }), after).toBe('BAD_USER_INPUT');
    expect(await alice.fails(search, { search: 'a', first: 501 })).toBe('BAD_USER_INPUT');
  });

  it('is FORBIDDEN with USER_SEARCH=false, while an exact name is still found', async () => {
    await using quiet = await startServer({ USER_SEARCH: 'false' });
    const bob = await quiet.user('bob');
    expect(await bob.fails(search, { search: 'bob' })).toBe('FORBIDDEN');
    expect((await bob.ask('{ user(by: { username: "bob" }) { id } }')).user.id).toBe(bob.id);
  });
});

describe('a profile', () => {
  it('changes only in the fields that are given, and stays changed', async () => {
    const dave = await register(server, 'dave');
    const avatarUrl = 'https://files.example/dave.png';
    expect(await change(dave, { displayName: ' Dave 🌻 ' })).toEqual({
      id: dave.id,
      displayName: 'Dave 🌻',
      avatarUrl: null,
    });
    expect(await change(dave, { avatarUrl })).toMatchObject({ displayName: 'Dave 🌻', avatarUrl });
    expect(await change(dave, {})).toMatchObject({ displayName: 'Dave 🌻', avatarUrl });
    const query = '{ user(by: { username: "dave" }) { displayName avatarUrl externalId } }';
    expect((await alice.ask(query)).user).toEqual({ displayName: 'Dave 🌻', avatarUrl, externalId: null });
    expect(await change(dave, { avatarUrl: null })).toMatchObject({ displayName: 'Dave 🌻', avatarUrl: null });
  });

  it.each([{ displayName: '' }, { displayName: 'a\nb' }, { avatarUrl: 'javascript:alert(1)' }, { avatarUrl: '' }])(
    'is not changed to %j',
    async (input) => {
      const answer = await alice.post(update, { input });
      expect(answer.errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', field: Object.keys(input)[0] });
    },
  );
});
