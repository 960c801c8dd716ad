/** Guessers of passwords, and the owners of the names that they try. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { logInNameRule, logInRule } from '../../src/services/accounts/log-in-attempts.ts';
import { type Answer, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect } from '../support/raw-socket.ts';

const logIn = 'mutation ($input: LogInInput!) { logIn(input: $input) { session { deviceId } } }';
const register = 'mutation ($input: RegisterInput!) { register(input: $input) { session { deviceId } } }';
const password = 'correct horse';

// The clocks stand still but for what a test lets pass: on a busy machine a wait would pass by itself.
const startedAt = Date.now();
let aheadMs = 0;
/** How far the time of day is set forth or back. */
let clockErrorMs = 0;
let server: TestServer;
let owner: TestUser;
beforeAll(async () => {
  const env = { RATE_LIMIT_SCALE: '1', TRUST_PROXY: '1', ACCESS_TOKEN_TTL_S: '86400' };
  server = await startServer(
    env,
    () => startedAt + aheadMs + clockErrorMs,
    () => 1_000 + aheadMs,
  );
});
beforeEach(async () => {
  // The addresses of earlier tests have their allowances back, and registering its own.
  aheadMs += logInRule.forgetAfterMs;
  owner = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());

/** Tries a password from an address: OK, or the code and the limit of the refusal. */
async function tryFrom(
  address: string,
  word: string,
  more: object = {},
  at: { url: string } = server,
): Promise<[string, string?, number?]> {
  const input = { username: owner.session.user.username, password: word, ...more };
  const response = await fetch(`${at.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-forwarded-for': address },
    body: JSON.stringify({ query: logIn, variables: { input } }),
  });
  const { errors } = (await response.json()) as Answer;
  const { code = 'OK', limit, retryAfterMs } = errors?.[0]?.extensions ?? {};
  return limit === undefined ? [String(code)] : [String(code), String(limit), Number(retryAfterMs)];
}

describe('a guesser', () => {
  it('waits longer and longer for each guess, over both transports, and gets few in an hour', async () => {
    const { username } = owner.session.user;
    const since = aheadMs;
    const waits: number[] = [];
    let guesses = 0;
    while (aheadMs - since < 3_600_000) {
      const [code, limit, retryAfterMs] = await tryFrom('10.1.0.1', `guess ${guesses}`);
      if (code === 'UNAUTHENTICATED') {
        guesses += 1;
        continue;
      }
      expect([code, limit]).toEqual(['RATE_LIMITED', 'logIn']);
      // A new socket each time: one without a session is closed after a minute.
      const socket = await connect(server, undefined, { 'x-forwarded-for': '10.1.0.1' });
      const other = await socket.ask(logIn, { input: { username: username.toUpperCase(), password } });
      expect(other.errors?.[0]?.extensions).toMatchObject({ code: 'RATE_LIMITED', retryable: true, limit: 'logIn' });
      await socket.close();
      waits.push(Number(retryAfterMs));
      aheadMs += Number(retryAfterMs);
    }
    const seconds = waits.map((ms) => Math.ceil(ms / 1000));
    expect(seconds.slice(0, 6)).toEqual([1, 2, 4, 8, 16, 32]);
    expect(Math.max(...seconds)).toBe(900);
    // At 30 a minute they would be 1,800.
    expect(guesses).toBeLessThan(25);
  });

  it('on one network does not hold the owner up on another one', async () => {
    for (let count = 0; count < 20; count += 1) await tryFrom('10.2.0.1', 'a wrong guess');
    expect((await tryFrom('10.2.0.1', password))[0]).toBe('RATE_LIMITED');
    expect(await tryFrom('10.2.0.2', password)).toEqual(['OK']);
  });

  it('on the network of the owner does not hold up a device that they know', async () => {
    for (let count = 0; count < 20; count += 1) await tryFrom('10.3.0.1', 'a wrong guess');
    const { deviceId } = owner.session;
    expect(await tryFrom('10.3.0.1', password, { deviceId })).toEqual(['OK']);
    // A device of somebody else's opens no second allowance.
    const other = (await server.user()).session.deviceId;
    expect((await tryFrom('10.3.0.1', password, { deviceId: other }))[0]).toBe('RATE_LIMITED');
    // Nor does a known one make guesses free.
    for (let count = 0; count < logInRule.free; count += 1) await tryFrom('10.3.0.9', 'a wrong guess', { deviceId });
    expect(await tryFrom('10.3.0.9', password, { deviceId })).toEqual(['RATE_LIMITED', 'logIn', expect.any(Number)]);
  });

  it('on many networks waits too, but the owner does not where they logged in before', async () => {
    // With a tenth of the allowance, for a tenth of the hashes.
    const env = { RATE_LIMIT_SCALE: '0.1', TRUST_PROXY: '1' };
    await using strict = await startServer(
      env,
      () => startedAt + aheadMs + clockErrorMs,
      () => 1_000 + aheadMs,
    );
    owner = await strict.user();
    const tryThere = (address: string, word: string, more: object = {}) => tryFrom(address, word, more, strict);
    expect(await tryThere('10.4.200.1', password)).toEqual(['OK']);
    let network = 0;
    let refusal: [string, string?, number?] = ['UNAUTHENTICATED'];
    while (refusal[0] === 'UNAUTHENTICATED') {
      refusal = await tryThere(`10.4.0.${network}`, 'a wrong guess');
      network += 1;
    }
    expect(refusal).toEqual(['RATE_LIMITED', 'logInName', expect.any(Number)]);
    expect(network).toBe(logInNameRule.free / 10 + 1);
    expect(await tryThere('10.4.200.1', password)).toEqual(['OK']);
    expect(await tryThere('10.4.201.1', password, { deviceId: owner.session.deviceId })).toEqual(['OK']);
    aheadMs += Number(refusal[2]);
    expect(await tryThere('10.4.201.2', password)).toEqual(['OK']);
  });

  it('gains nothing, and loses nothing, when the time of day is set', async () => {
    for (let count = 0; count < logInRule.free; count += 1) await tryFrom('10.7.0.1', 'a wrong guess');
    const refusal = await tryFrom('10.7.0.1', 'a wrong guess');
    expect(refusal).toEqual(['RATE_LIMITED', 'logIn', logInRule.firstWaitMs]);
    for (const errorMs of [3_600_000, -3_600_000, 0]) {
      clockErrorMs = errorMs;
      expect(await tryFrom('10.7.0.1', 'a wrong guess')).toEqual(refusal);
    }
    clockErrorMs = -3_600_000;
    aheadMs += logInRule.firstWaitMs;
    expect(await tryFrom('10.7.0.1', password)).toEqual(['OK']);
    clockErrorMs = 0;
  });

  it('starts again when a password is right', async () => {
    for (let round = 0; round < 4; round += 1) {
      for (let count = 0; count < logInRule.free - 1; count += 1)
        expect(await tryFrom('10.5.0.1', 'a wrong guess')).toEqual(['UNAUTHENTICATED']);
      expect(await tryFrom('10.5.0.1', password)).toEqual(['OK']);
    }
  });

  it('cannot tell which names exist by the waits', async () => {
    const refusals = [];
    for (const username of [owner.session.user.username, 'nobody-at-all']) {
      const input = { username };
      for (let count = 0; count < logInRule.free; count += 1) await tryFrom('10.6.0.1', 'a wrong guess', input);
      refusals.push((await tryFrom('10.6.0.1', 'a wrong guess', input)).slice(0, 2));
    }
    expect(refusals[1]).toEqual(refusals[0]);
  });
});

describe('a password', () => {
  const choose = async (word: string, over: object = {}) => {
    aheadMs += 3_600_000;
    const input = { username: `u${randomUUID().slice(0, 8)}`, password: word, ...over };
    const { errors } = await server.post(register, { input });
    return errors === undefined ? 'OK' : [errors[0]?.extensions.code, errors[0]?.message];
  };
  const refused = ['BAD_USER_INPUT', expect.stringContaining('password')];

  it.each(['password', '12345678', 'PassWord1', 'qwertyuiop', 'iloveyou', 'ｐａｓｓｗｏｒｄ'])(
    'is refused when everybody has it: %s',
    async (word) => {
      expect(await choose(word)).toEqual(refused);
    },
  );

  it.each(['        ', 'aaaaaaaa', '\u00a0'.repeat(20)])(
    'is refused when it repeats one character: %j',
    async (word) => {
      expect(await choose(word)).toEqual(refused);
    },
  );

  it('is refused when it is little more than a name', async () => {
    const username = `ada-${randomUUID().slice(0, 8)}`;
    for (const word of [
      username,
      username.toUpperCase(),
      `${username}12`,
      `1-${username}-ab!`,
      'heliograph',
      'Heliograph1!',
    ])
      expect(await choose(word, { username })).toEqual(refused);
    for (const word of ['Ada Lovelace', 'ada lovelace 1815'])
      expect(await choose(word, { username, displayName: 'Ada Lovelace' })).toEqual(refused);
    expect(await choose(`${username} likes numbers`, { username })).toBe('OK');
  });

  it.each([
    'correct horse',
    'Tr0ub4dor&3-',
    '日本語のパスワード',
    '🌻🌻🌻🌻🌻🌻🌻x',
    'x'.repeat(128) + '🌻'.repeat(128),
  ])('is taken otherwise, in any script: %s', async (word) => {
    expect(await choose(word)).toBe('OK');
  });

  it.each(['🌻🌻🌻🌻x', `x${'🌻'.repeat(256)}`])(
    'is counted in characters, not in halves of them: %s',
    async (word) => {
      expect(await choose(word)).toEqual(refused);
    },
  );
});
