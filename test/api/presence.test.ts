import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { becomeContacts } from '../support/actions.ts';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const watchQuery = `subscription ($userIds: [ID!]) { presenceChanged(userIds: $userIds) { userId status lastSeenAt } }`;
const presenceQuery = `query ($userIds: [ID!]!) { presence(userIds: $userIds) { userId status lastSeenAt } }`;
const heartbeat = `mutation { heartbeat { onlineUntil headSeq serverTime } }`;

describe('presence', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  beforeEach(async () => {
    server = await startServer({ LEASE_TTL_MS: '1000' });
    [alice, bob] = [await server.user(), await server.user()];
  });
  afterEach(() => server[Symbol.asyncDispose]());

  const meet = () => becomeContacts(alice, bob);
  const statusesOf = (events: { values: { userId: string; status: string }[] }, user: TestUser) =>
    events.values.filter(({ userId }) => userId === user.id).map(({ status }) => status);

  it('is announced in direct conversations: online with a socket, offline without it', async () => {
    await meet();
    const events = alice.subscribe(watchQuery, { userIds: [bob.id] });
    await events.until(() => statusesOf(events, bob).length === 1, 'present status');
    const stream = bob.stream();
    await stream.until(() => stream.values.length > 0, 'stream');
    await events.until(() => statusesOf(events, bob).length === 2, 'online');
    await bob.close();
    await events.until(() => statusesOf(events, bob).length === 3, 'offline');
    expect(statusesOf(events, bob)).toEqual(['OFFLINE', 'ONLINE', 'OFFLINE']);
    expect(events.values.at(-1).lastSeenAt).toMatch(/^\d{4}-.*Z$/);
  });

  it('is kept by heartbeats alone, which return the end of the lease and the inbox head', async () => {
    await meet();
    const beat = (await bob.ask(heartbeat)).heartbeat;
    expect(beat.headSeq).toBe('2');
    const leaseMs = Date.parse(beat.onlineUntil) - Date.parse(beat.serverTime);
    expect(leaseMs).toBeGreaterThan(0);
    expect(leaseMs).toBeLessThanOrEqual(1_000);
    expect((await alice.ask(presenceQuery, { userIds: [bob.id] })).presence[0].status).toBe('ONLINE');
  });

  it('ends at once on logging out', async () => {
    await meet();
    const events = alice.subscribe(watchQuery, {});
    await events.until(() => events.values.length === 1, 'present status');
    await bob.ask(heartbeat);
    await bob.ask('mutation { logOut { deviceId } }');
    await events.until(() => events.values.length === 3, 'offline');
    expect(statusesOf(events, bob)).toEqual(['OFFLINE', 'ONLINE', 'OFFLINE']);
  });

  it('is UNKNOWN for strangers and unknown ids, and known for oneself', async () => {
    await bob.ask(heartbeat);
    await alice.ask(heartbeat);
    const { presence } = await alice.ask(presenceQuery, { userIds: [bob.id, '404', alice.id] });
    expect(presence).toEqual([
      { userId: bob.id, status: 'UNKNOWN', lastSeenAt: null },
      { userId: '404', status: 'UNKNOWN', lastSeenAt: null },
      { userId: alice.id, status: 'ONLINE', lastSeenAt: expect.any(String) },
    ]);
  });

  it('is limited to 200 users per call', async () => {
    const userIds = Array.from({ length: 201 }, (_, index) => `${index + 1}`);
    expect(await alice.fails(presenceQuery, { userIds })).toBe('BAD_USER_INPUT');
  });
});

describe('a socket', () => {
  it('keeps its user online while it is quiet, for longer than a lease', async () => {
    await using server = await startServer({ LEASE_TTL_MS: '2000' });
    const [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
    for (const peer of [bob, carol]) await becomeContacts(alice, peer);
    const stream = bob.stream();
    await stream.until(() => stream.values.length > 0, 'stream');
    const events = alice.subscribe(watchQuery, { userIds: [bob.id, carol.id] });
    await events.until(() => events.values.length === 2, 'present statuses');
    // Carol's lease begins after Bob's socket opened: when hers has lapsed, so has what he began with.
    await carol.ask(heartbeat);
    await events.until(() => events.values.length === 4, 'her coming and going');
    const told = events.values.map(({ userId, status }) => [userId, status]);
    expect(told).toEqual([
      [bob.id, 'ONLINE'],
      [carol.id, 'OFFLINE'],
      [carol.id, 'ONLINE'],
      [carol.id, 'OFFLINE'],
    ]);
  });
});

describe('the pages for operators', () => {
  it('show a user’s actions, but not their secrets', async () => {
    await using server = await startServer({ RATE_LIMIT_SCALE: '1' });
    const [alice, bob] = [await server.user(), await server.user()];
    await alice.send({ userId: bob.id }, 'hello');
    for (let attempt = 0; attempt < 40; attempt += 1) {
      const input = { username: alice.session.user.username, password: 'a wrong one' };
      await server.post('mutation ($input: LogInInput!) { logIn(input: $input) { session { accessToken } } }', {
        input,
      });
    }
    const page = await (await fetch(`${server.url}/metrics`)).text();
    expect(page).toContain('heliograph_sends_total{outcome="sent"} 1');
    expect(page).toMatch(/heliograph_limits_hit_total\{limit="logIn"\} [1-9]/);
    expect(page).toContain('heliograph_store_journal_backlog ');
    expect(page).not.toContain(alice.id);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${server.url}/readyz`);
    const body = { status: 'ready', degraded: [], version: 'test', setAside: 0 };
    expect([ready.status, await ready.json()]).toEqual([200, body]);
    const { data } = await server.post('{ server { version degraded pageSizeMax } }');
    expect(data).toEqual({ server: { version: 'test', degraded: [], pageSizeMax: 500 } });
  });
});
