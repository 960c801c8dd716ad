import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createExternalTokens } from '../../../src/services/accounts/external-tokens.ts';

const issuer = 'https://idp.example';
const audience = 'heliograph';
const toleranceMs = 30_000;

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>> & { readonly kid: string; readonly alg: string };

async function makeKeys(alg: string, kid: string): Promise<KeyPair> {
  return { ...(await generateKeyPair(alg, { extractable: true })), kid, alg };
}

describe('tokens of an identity provider', () => {
  let server: Server;
  let published: KeyPair[];
  let requests: number;
  let failures: unknown[];
  let answer: { status: number; body: string | null; isStuck: boolean; location?: string };
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;

  beforeEach(async () => {
    published = [];
    requests = 0;
    failures = [];
    answer = { status: 200, body: null, isStuck: false };
    server = createServer(async (_request, response) => {
      requests += 1;
      if (answer.isStuck) return;
      const keys = published.map(async ({ publicKey, kid, alg }) => ({
        ...(await exportJWK(publicKey)),
        ...(kid === '' ? {} : { kid }),
        alg,
      }));
      response.statusCode = answer.status;
      if (answer.location !== undefined) response.setHeader('location', answer.location);
      response.end(answer.body ?? JSON.stringify({ keys: await Promise.all(keys) }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    vi.useRealTimers();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const open = (over: Partial<Parameters<typeof createExternalTokens>[0]> = {}) =>
    createExternalTokens({
      jwksUrl: url(),
      issuer,
      audience,
      type: null,
      scope: null,
      clock: () => Date.now(),
      elapsed: over.clock ?? (() => performance.now()),
      onFailure: (error) => failures.push(error),
      ...over,
    });

  const now = () => Math.floor(Date.now() / 1000);
  function sign(keys: KeyPair, claims: JWTPayload = {}, header: object = {}): Promise<string> {
    const payload = { iss: issuer, aud: audience, sub: 'ada', iat: now(), exp: now() + 300, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: keys.alg, kid: keys.kid, ...header }).sign(keys.privateKey);
  }
  const unauthenticated = { code: 'UNAUTHENTICATED', retryable: false };
  const unavailable = { code: 'UNAVAILABLE', retryable: true };

  it.each(['RS256', 'PS512', 'ES256', 'EdDSA'])('are good when signed with a published %s key', async (alg) => {
    const keys = await makeKeys(alg, 'one');
    published = [await makeKeys('RS256', 'another'), keys];
    const exp = now() + 300;
    const token = await sign(keys, { exp, iat: exp - 400, preferred_username: 'Ada', name: 'Ada L.', sid: 's1' });
    expect(await open().verify(token)).toEqual({
      subject: `${issuer}|ada`,
      suggestedName: 'Ada',
      displayName: 'Ada L.',
      deviceKey: 's1',
      issuedAt: (exp - 400) * 1000,
      expiresAt: exp * 1000 + toleranceMs,
    });
  });

  it('identify a user and a device by the available claims', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    const tokens = open();
    const seen = async (claims: JWTPayload) => tokens.verify(await sign(keys, claims));
    expect(await seen({})).toMatchObject({ suggestedName: 'ada', displayName: null, deviceKey: 'default' });
    expect(await seen({ email: 'grace@example.org' })).toMatchObject({ suggestedName: 'grace' });
    expect(await seen({ preferred_username: '', email: 7 })).toMatchObject({ suggestedName: 'ada' });
    expect(await seen({ did: 'd1', sid: 's1' })).toMatchObject({ deviceKey: 'd1' });
    expect(await seen({ sub: 7 as unknown as string, iat: undefined })).toMatchObject({
      subject: `${issuer}|7`,
      suggestedName: '7',
      issuedAt: 0,
    });
  });

  it('are refused when anything about them is wrong', async () => {
    const [keys, rsa, stranger] = [
      await makeKeys('ES256', 'one'),
      await makeKeys('RS256', 'two'),
      await makeKeys('ES256', 'one'),
    ];
    published = [keys, rsa];
    const tokens = open();
    const good = await sign(keys);
    await tokens.verify(good);
    const [head, body, tail] = good.split('.') as [string, string, string];
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    // A public key must not be usable as a secret for signing.
    const byPublicKey = async (kid: string) => {
      const content = `${part({ alg: 'HS256', kid })}.${body}`;
      const pem = await exportSPKI(rsa.publicKey);
      return `${content}.${createHmac('sha256', pem).update(content).digest('base64url')}`;
    };
    const bad = [
      '',
      'x.y.z',
      `${part({ alg: 'none' })}.${body}.`,
      `${part({ alg: 'none', kid: 'one' })}.${body}.${tail}`,
      await byPublicKey('two'),
      await byPublicKey('one'),
      `${head}.${part({ sub: 'root', iss: issuer, aud: audience, exp: now() + 300 })}.${tail}`,
      await sign(stranger),
      await sign(stranger, {}, { kid: 'unknown' }),
      await sign(stranger, {}, { jwk: await exportJWK(stranger.publicKey) }),
      await sign(keys, { exp: now() - 31 }),
      await sign(keys, { nbf: now() + 60 }),
      await sign(keys, { iss: 'https://other.example' }),
      await sign(keys, { aud: 'other' }),
      await sign(keys, { sub: 's'.repeat(512) }),
      ...(await Promise.all(['exp', 'sub', 'iss', 'aud'].map((claim) => sign(keys, { [claim]: undefined })))),
    ];
    for (const token of bad) await expect(tokens.verify(token)).rejects.toMatchObject(unauthenticated);
    // A flood of unknown keys does not become a flood of requests.
    expect(requests).toBe(1);
  });

  it('of any issuer and audience are good where none is asked for', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    const tokens = open({ issuer: null, audience: null });
    const token = await sign(keys, { iss: 'https://other.example', aud: 'other' });
    expect(await tokens.verify(token)).toMatchObject({ subject: 'https://other.example|ada' });
  });

  it('go by the clock they are given', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    let at = Date.now();
    const tokens = open({ clock: () => at });
    const token = await sign(keys, { exp: now() + 300 });
    await tokens.verify(token);
    at += 300_000 + toleranceMs - 1_000;
    await tokens.verify(token);
    at += 1_000;
    await expect(tokens.verify(token)).rejects.toMatchObject(unauthenticated);
  });

  it('of a key that came with a change of keys are good, once the keys may be asked for again', async () => {
    const [old, next] = [await makeKeys('RS256', 'old'), await makeKeys('RS256', 'next')];
    published = [old];
    let now = 0;
    const tokens = open({ elapsed: () => now });
    await tokens.verify(await sign(old));
    published = [next];
    now += 31_000;
    expect(await tokens.verify(await sign(next))).toMatchObject({ subject: `${issuer}|ada` });
    await expect(tokens.verify(await sign(old))).rejects.toMatchObject(unauthenticated);
    expect(requests).toBe(2);
  });

  it('of a provider whose clock differs by less than 30 s are good', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    const tokens = open();
    await tokens.verify(await sign(keys, { nbf: now() + 25, iat: now() + 25 }));
    await tokens.verify(await sign(keys, { exp: now() - 25 }));
  });

  it('without a key id are tried with each key that fits', async () => {
    const [one, two, other] = [await makeKeys('ES256', ''), await makeKeys('ES256', ''), await makeKeys('ES256', '')];
    published = [one, two];
    const tokens = open();
    const withoutId = { kid: undefined };
    for (const keys of [one, two]) expect(await tokens.verify(await sign(keys, {}, withoutId))).toBeTruthy();
    await expect(tokens.verify(await sign(other, {}, withoutId))).rejects.toMatchObject(unauthenticated);
    await expect(tokens.verify(await sign(two, { aud: 'other' }, withoutId))).rejects.toMatchObject(unauthenticated);
  });

  it.each([
    [{ typ: 'JWT' }, {}],
    [{ typ: 'at+jwt' }, {}],
    [{ typ: 'application/AT+JWT' }, { nonce: 'n' }],
    [{}, { typ: 'Bearer', nonce: 'n' }],
  ])('may be access tokens of this kind: %j %j', async (header, claims) => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    await open().verify(await sign(keys, claims, header));
  });

  it.each([
    [{ typ: 'logout+jwt' }, {}],
    [{ typ: 'dpop+jwt' }, {}],
    [{}, { typ: 'ID' }],
    [{}, { typ: 'Refresh' }],
    [{ typ: 'JWT' }, { at_hash: 'h' }],
    [{ typ: 'JWT' }, { nonce: 'n' }],
    [{}, { events: {} }],
  ])('are refused when they are not access tokens: %j %j', async (header, claims) => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    await expect(open().verify(await sign(keys, claims, header))).rejects.toMatchObject(unauthenticated);
  });

  it('need the type that is asked for', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    const tokens = open({ type: 'AT+jwt' });
    await tokens.verify(await sign(keys, {}, { typ: 'application/at+jwt' }));
    for (const header of [{}, { typ: 'JWT' }])
      await expect(tokens.verify(await sign(keys, {}, header))).rejects.toMatchObject(unauthenticated);
  });

  it('need the scope that is asked for', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    const tokens = open({ scope: 'chat' });
    for (const claims of [{ scope: 'openid chat' }, { scp: ['chat'] }, { scp: 'mail chat' }])
      await tokens.verify(await sign(keys, claims));
    for (const claims of [{}, { scope: 'openid chatter' }, { scope: '' }, { scp: ['mail'] }])
      await expect(tokens.verify(await sign(keys, claims))).rejects.toMatchObject(unauthenticated);
  });

  it('are verified with cached keys while the provider is unavailable, which is reported', async () => {
    const [keys, other] = [await makeKeys('ES256', 'one'), await makeKeys('ES256', 'two')];
    published = [keys];
    let at = Date.now();
    const tokens = open({ clock: () => at });
    await tokens.verify(await sign(keys));
    answer = { status: 503, body: null, isStuck: false };
    at += 24 * 3_600_000;
    await tokens.renewKeys();
    const exp = Math.floor(at / 1000) + 300;
    await tokens.verify(await sign(keys, { exp }));
    await expect(tokens.verify(await sign(other, { exp }))).rejects.toMatchObject(unavailable);
    expect([failures.length, requests]).toEqual([1, 2]);
  });

  it('of a withdrawn key are refused after a renewal', async () => {
    const [old, next] = [await makeKeys('ES256', 'old'), await makeKeys('ES256', 'next')];
    published = [old];
    const tokens = open();
    await tokens.verify(await sign(old));
    published = [next];
    await tokens.renewKeys();
    await tokens.verify(await sign(next));
    await expect(tokens.verify(await sign(old))).rejects.toMatchObject(unauthenticated);
  });

  it('cause requests with growing waits while the provider is unavailable, regardless of their number', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    answer = { status: 500, body: null, isStuck: false };
    let at = Date.now();
    const tokens = open({ clock: () => at });
    const token = await sign(keys);
    const tries = () => Promise.allSettled(Array.from({ length: 20 }, () => tokens.verify(token)));
    for (const [waitMs, expected] of [
      [0, 1],
      [999, 1],
      [1, 2],
      [1_999, 2],
      [1, 3],
      [4_000, 4],
    ] as const) {
      at += waitMs;
      for (const result of await tries()) expect(result).toMatchObject({ reason: unavailable });
      expect([requests, failures.length]).toEqual([expected, expected]);
    }
  });

  it.each([
    ['answers with an error', { status: 500, body: null, isStuck: false }],
    ['answers with what is no JSON', { status: 200, body: '<html>', isStuck: false }],
    ['answers with what holds no keys', { status: 200, body: '{}', isStuck: false }],
  ])('cannot be judged while the provider %s, and can afterwards', async (_what, away) => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    let at = Date.now();
    const tokens = open({ clock: () => at });
    const usual = answer;
    answer = away;
    await expect(tokens.verify(await sign(keys))).rejects.toMatchObject(unavailable);
    expect(failures).toHaveLength(1);
    answer = usual;
    at += 1_000;
    await tokens.verify(await sign(keys));
  });

  it('are never judged by keys from an address to which the provider redirects', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    answer = { ...answer, status: 302, location: `${url()}/elsewhere` };
    await expect(open().verify(await sign(keys))).rejects.toMatchObject(unavailable);
    expect(requests).toBe(1);
  });

  it('cannot be judged while the provider is not there, or does not answer in time', async () => {
    const keys = await makeKeys('ES256', 'one');
    published = [keys];
    answer.isStuck = true;
    const startedAt = performance.now();
    await expect(open().verify(await sign(keys))).rejects.toMatchObject(unavailable);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    const gone = open({ jwksUrl: 'http://127.0.0.1:1/keys' });
    await expect(gone.verify(await sign(keys))).rejects.toMatchObject(unavailable);
  });
});
