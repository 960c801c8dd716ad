/** The example's `Session` against a real server: signing in and out, storage, renewal, and several tabs. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { Session } from '../../examples/clients/session.ts';
import { createMemoryStorage, type SessionStorage, writeSession } from '../../examples/clients/stored-session.ts';
import { freePort } from '../support/free-port.ts';
import { type Answer, eventually, type Json, startServer, type TestServer } from '../support/heliograph.ts';

const password = 'correct horse';
const minute = 60_000;
let server: TestServer;
let now = Date.now();
let storage: SessionStorage;
/** Requests to exchange a refresh token. */
let exchanges = 0;
/** Stands in for the network: gets the request on its way, and decides over its answer. */
let network: (send: () => Promise<Response>) => Promise<Response>;
let users = 0;
const newName = () => {
  users += 1;
  return `user${users}`;
};

const realFetch = globalThis.fetch;

beforeAll(async () => {
  server = await startServer({ PORT: await freePort() }, () => now);
});
afterAll(() => server[Symbol.asyncDispose]());
beforeEach(() => {
  storage = createMemoryStorage();
  exchanges = 0;
  network = (send) => send();
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    if (!String(init.body).includes('refreshSession')) return realFetch(url, init);
    exchanges += 1;
    return network(() => realFetch(url, init));
  });
});
afterEach(() => vi.unstubAllGlobals());

const register = (name = newName()) => Session.register(server.url, name, password, { storage });
const logIn = (name: string) => Session.logIn(server.url, name, password, { storage });
/** The same session in another tab, or after a reload of the page. */
function otherTab(): Session {
  const session = Session.restore(server.url, storage);
  if (session === null) throw new Error('nothing is stored');
  return session;
}

const whoAmI = '{ viewer { user { id } devices { id name } } }';
async function ask(session: Session, query = whoAmI, fetcher: typeof fetch = fetch): Promise<Json> {
  const response = await session.withToken(fetcher)(`${session.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  const { data, errors } = (await response.json()) as Answer;
  return errors === undefined ? data?.viewer : errors[0]?.extensions.code;
}
const expire = () => {
  now += 16 * minute;
};

describe('a session', () => {
  it('is registered, logged out of and logged in to, on the same device', async () => {
    const first = await Session.register(server.url, newName(), password, { storage, deviceName: 'Laptop' });
    const { username, deviceId, accessToken } = first;
    expect(await ask(first)).toEqual({ user: { id: first.userId }, devices: [{ id: deviceId, name: 'Laptop' }] });
    await first.logOut();
    expect([first.isOver, await ask(first)]).toEqual([true, 'UNAUTHENTICATED']);
    await first.whenOver;
    expect(Session.restore(server.url, storage)).toBeNull();

    const again = await logIn(username.toUpperCase());
    expect([again.userId, again.deviceId]).toEqual([first.userId, deviceId]);
    expect(again.accessToken).not.toBe(accessToken);
    expect((await ask(again)).devices).toHaveLength(1);
    expect(first.isOver).toBe(true);
  });

  it('begins on a new device if the last one is another user’s or was forgotten', async () => {
    const alice = await register();
    await alice.logOut();
    const bob = await register();
    await bob.logOut();
    const again = await logIn(alice.username);
    expect(again.deviceId).not.toBe(alice.deviceId);
    await again.logOut();
    storage.setItem('heliograph.device', JSON.stringify({ username: bob.username, deviceId: '404' }));
    expect((await ask(await logIn(bob.username))).user.id).toBe(bob.userId);
  });

  it('does not begin with a wrong password, and reports the code', async () => {
    const { username } = await register();
    const refused = Session.logIn(server.url, username, 'a wrong guess', { storage: createMemoryStorage() });
    await expect(refused).rejects.toMatchObject({ code: 'UNAUTHENTICATED', retryable: false });
    await expect(register(username)).rejects.toMatchObject({ code: 'USERNAME_TAKEN' });
  });

  it('continues after a reload of the page, with the tokens that were renewed last', async () => {
    const first = await register();
    await first.renew();
    const reloaded = otherTab();
    expect([reloaded.accessToken, reloaded.username]).toEqual([first.accessToken, first.username]);
    await reloaded.renew();
    expect((await ask(first)).user.id).toBe(first.userId);
    expect(first.accessToken).toBe(reloaded.accessToken);
  });

  it('logs out with an access token that has expired', async () => {
    const session = await register();
    expire();
    await session.logOut();
    const again = await logIn(session.username);
    expect((await ask(again)).devices).toHaveLength(1);
    expect(exchanges).toBe(1);
  });

  it('logs out on this side also if the server cannot be reached, and says so', async () => {
    const session = await register();
    await server.whileStopped(async () => {
      await expect(session.logOut()).rejects.toThrow('fetch failed');
    });
    expect(session.isOver).toBe(true);
    expect(Session.restore(server.url, storage)).toBeNull();
  });
});

describe('renewal', () => {
  it('repeats a request whose token was refused, once', async () => {
    const session = await register();
    expire();
    let requests = 0;
    const counted = (url: string | URL | Request, init?: RequestInit) => {
      requests += 1;
      return fetch(url, init);
    };
    const answers = await Promise.all([1, 2, 3].map(() => ask(session, whoAmI, counted)));
    expect(answers.map(({ user }) => user.id)).toEqual(Array(3).fill(session.userId));
    expect([exchanges, requests]).toEqual([1, 6]);
  });

  it('happens before the token expires, without a refused request', async () => {
    const session = await register();
    const { accessToken } = session;
    const passTime = () => {
      const stored = JSON.parse(storage.getItem('heliograph.session') as string);
      storage.setItem('heliograph.session', JSON.stringify({ ...stored, renewAt: Date.now() - 1 }));
    };
    passTime();
    const sent: (string | null)[] = [];
    await ask(session, whoAmI, (url, init) => {
      sent.push(new Headers(init?.headers).get('authorization'));
      return fetch(url, init);
    });
    expect(sent).toEqual([`Bearer ${session.accessToken}`]);
    expect([session.accessToken === accessToken, exchanges]).toEqual([false, 1]);
    passTime();
    network = async () => Promise.reject(new TypeError('network'));
    // The old one still counts.
    expect((await ask(session)).user.id).toBe(session.userId);
  });

  it('is planned by the token’s lifetime, so that a wrong clock does not matter', async () => {
    const { accessToken, deviceId, userId: id, username } = await register();
    const fields = { accessToken, refreshToken: 'x', deviceId, user: { id, username } };
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2001-01-01T00:00:00Z') });
    try {
      expect(writeSession(storage, fields).renewAt).toBe(Date.now() + 13.5 * minute);
      expect(writeSession(storage, { ...fields, accessToken: 'not a JWT' }).renewAt).toBeNull();
    } finally {
      vi.useRealTimers();
    }
  });

  it('survives a lost answer', async () => {
    const session = await register();
    expire();
    let lost = 0;
    network = async (send) => {
      const answer = await send();
      if (exchanges > 1) return answer;
      lost += 1;
      throw new TypeError('network');
    };
    expect((await ask(session)).user.id).toBe(session.userId);
    expect([lost, exchanges]).toEqual([1, 2]);
    await session.renew();
    expect(session.isOver).toBe(false);
  });

  it('survives a server that cannot be reached for a while', async () => {
    const session = await register();
    expire();
    await server.whileStopped(async () => {
      await expect(session.renew()).rejects.toThrow('fetch failed');
      expect(session.isOver).toBe(false);
    });
    expect((await ask(session)).user.id).toBe(session.userId);
  });

  it('ends with the session, and no request is repeated then', async () => {
    const session = await register();
    const phone = await Session.logIn(server.url, session.username, password);
    await ask(
      session,
      `mutation { revokeDevice(input: { deviceId: "${phone.deviceId}" }) { viewer { user { id } } } }`,
    );
    expect(await ask(phone)).toBe('UNAUTHENTICATED');
    expect(phone.isOver).toBe(true);
    await phone.whenOver;
    const before = exchanges;
    expect(await ask(phone)).toBe('UNAUTHENTICATED');
    await expect(phone.renew()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(exchanges).toBe(before);
  });
});

const locks = [
  ['Web Locks', () => {}],
  ['a lease in the storage', () => vi.stubGlobal('navigator', {})],
] as const;

describe.each(locks)('tabs with %s', (_name, prepare) => {
  beforeEach(() => prepare());

  it.each([['30'], ['0']])('renew at once by one exchange, with REFRESH_REUSE_S=%s', async (REFRESH_REUSE_S) => {
    await using strict = await startServer({ REFRESH_REUSE_S });
    const first = await Session.register(strict.url, newName(), password, { storage });
    const tabs = [first, ...[1, 2, 3].map(() => Session.restore(strict.url, storage) as Session)];
    for (let round = 1; round <= 3; round += 1) {
      const tokens = await Promise.all(tabs.map((tab) => tab.renew()));
      expect([new Set(tokens).size, exchanges]).toEqual([1, round]);
    }
    for (const tab of tabs) expect((await ask(tab)).user.id).toBe(first.userId);
  });

  it('renew one after the other, if the first one’s renewal fails', async () => {
    const [one, two] = [await register(), otherTab()];
    network = (send) => (exchanges <= 3 ? Promise.reject(new TypeError('network')) : send());
    const [failed, renewed] = await Promise.allSettled([one.renew(), two.renew()]);
    expect([failed.status, renewed.status]).toEqual(['rejected', 'fulfilled']);
    expect(one.accessToken).toBe(two.accessToken);
    expect((await ask(one)).user.id).toBe(one.userId);
  });

  it('are all logged out by one, also while another renews', async () => {
    const [one, two] = [await register(), otherTab()];
    const outcomes = await Promise.allSettled([two.renew(), one.logOut()]);
    expect(outcomes[1]?.status).toBe('fulfilled');
    expect([one.isOver, two.isOver]).toEqual([true, true]);
    expect(Session.restore(server.url, storage)).toBeNull();
    for (const tab of [one, two]) expect(await ask(tab)).toBe('UNAUTHENTICATED');
  });
});

it('a tab that was frozen during a renewal does not bring back tokens that another one has renewed', async () => {
  const [frozen, other] = [await register(), otherTab()];
  const thawed = Promise.withResolvers<void>();
  let isAnswered = false;
  network = async (send) => {
    const isFirst = exchanges === 1;
    const answer = await send();
    if (isFirst) {
      isAnswered = true;
      await thawed.promise;
    }
    return answer;
  };
  const late = frozen.renew();
  await eventually(() => isAnswered);
  // The frozen tab has the Web Lock. The other one goes on without it, as it does after a while.
  vi.stubGlobal('navigator', {});
  await other.renew();
  const latest = await other.renew();
  thawed.resolve();
  expect(await late).toBe(latest);
  // Now the server takes older tokens for stolen ones.
  now += minute;
  await frozen.renew();
  expect((await ask(other)).user.id).toBe(other.userId);
});

it('a tab whose storage got another user’s session is over, and leaves that session alone', async () => {
  const alice = await register();
  const letGo = Promise.withResolvers<void>();
  network = async (send) => {
    const answer = await send();
    await letGo.promise;
    return answer;
  };
  const renewing = alice.renew().catch((error: unknown) => error);
  await eventually(() => exchanges === 1);
  const bob = await register();
  letGo.resolve();
  expect(await renewing).toMatchObject({ code: 'UNAUTHENTICATED' });
  expect([alice.isOver, bob.isOver]).toEqual([true, false]);
  expect((await ask(otherTab())).user.id).toBe(bob.userId);
  expect((await ask(bob)).user.id).toBe(bob.userId);
});
