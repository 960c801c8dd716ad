/** Which client a request counts for: behind proxies, in any spelling of its address, and over both transports. */
import type { IncomingMessage } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClientAddress, type TrustedProxies } from '../../src/server/client-address.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { statusOfUpgrade } from '../support/raw-http.ts';
import { RawSocket } from '../support/raw-socket.ts';

const socketsMax = 3;
const refreshesMax = 3;

describe('with TRUST_PROXY=1', () => {
  let server: TestServer;
  beforeAll(async () => {
    // 3 of the 300 refreshes a minute. The clock stands still, so that no allowance fills up again.
    const env = { TRUST_PROXY: '1', RATE_LIMIT_SCALE: '0.01', SOCKETS_PER_ADDRESS_MAX: String(socketsMax) };
    server = await startServer(env, () => 1_800_000_000_000);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function refreshFrom(forwarded: string): Promise<unknown> {
    const query = 'mutation { refreshSession(input: { refreshToken: "x" }) { session { deviceId } } }';
    const response = await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': forwarded },
      body: JSON.stringify({ query }),
    });
    const { errors } = (await response.json()) as { errors: { extensions: { code: unknown } }[] };
    return errors[0]?.extensions.code;
  }

  const numbers = [1, 2, 3, 4, 5, 6];
  it.each<[name: string, forwarded: (n: number) => string]>([
    ['a port', (n) => `198.51.100.1:${50_000 + n}`],
    ['another port in brackets', (n) => `[2001:db8:1::1]:${50_000 + n}`],
    ['another address of one /64', (n) => `2001:db8:2::${n}`],
    ['another spelling', (n) => ['2001:DB8:3::1', '2001:db8:3:0:0:0:0:1', '[2001:db8:3::1]'][n % 3] as string],
    ['IPv4 inside of IPv6', (n) => (n % 2 === 0 ? '::ffff:198.51.100.2' : '198.51.100.2')],
    ['no address at all', (n) => `garbage-${n}`],
    ['a number out of range', (n) => `198.51.100.${300 + n}`],
    ['entries of its own further left', (n) => `203.0.113.${n}, 198.51.100.3`],
  ])('counts a client as one whatever its header has: %s', async (_name, forwarded) => {
    const codes = [];
    for (const n of numbers) codes.push(await refreshFrom(forwarded(n)));
    const [some, none] = [
      Array(refreshesMax).fill('UNAUTHENTICATED'),
      Array(numbers.length - refreshesMax).fill('RATE_LIMITED'),
    ];
    // Two of the rows fall back to the peer's address, which is the same for both.
    expect([[...some, ...none], Array(numbers.length).fill('RATE_LIMITED')]).toContainEqual(codes);
  });

  it('counts clients of two networks apart', async () => {
    for (const network of ['2001:db8:4:1::', '2001:db8:4:2::'])
      for (const n of [1, 2, 3]) expect(await refreshFrom(`${network}${n}`)).toBe('UNAUTHENTICATED');
  });

  it('counts the sockets of one client in the same way', async () => {
    const headers = (n: number) => ({ 'x-forwarded-for': `203.0.113.${n}, [2001:db8:5::${n}]:4711` });
    const open = [];
    for (const n of [1, 2, 3]) open.push(await RawSocket.open(server, headers(n)));
    expect(await statusOfUpgrade(server.wsUrl, headers(4))).toBe(429);
    for (const socket of open) await socket.close();
  });

  it('logs the whole address', async () => {
    const input = { username: 'nobody', password: 'a wrong one' };
    await fetch(`${server.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '2001:0DB8:6::00a1' },
      body: JSON.stringify({
        query: 'mutation ($input: LogInInput!) { logIn(input: $input) { session { deviceId } } }',
        variables: { input },
      }),
    });
    expect(server.logLines.at(-1)).toMatchObject({ 'event.action': 'log-in-failed', 'source.ip': '2001:db8:6::a1' });
  });
});

describe('the client address', () => {
  const of = (trusted: TrustedProxies, peer: string | undefined, forwarded?: string) =>
    createClientAddress(trusted)({
      headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
      socket: { remoteAddress: peer },
    } as unknown as IncomingMessage);

  it.each<[trusted: TrustedProxies, peer: string, forwarded: string | undefined, address: string, network?: string]>([
    [0, '192.0.2.1', '203.0.113.1', '192.0.2.1'],
    [0, '::ffff:192.0.2.1', undefined, '192.0.2.1'],
    [0, 'fe80::1%eth0', undefined, 'fe80::1', 'fe80::/64'],
    [1, '192.0.2.1', undefined, '192.0.2.1'],
    [1, '192.0.2.1', '', '192.0.2.1'],
    [1, '192.0.2.1', '203.0.113.1', '203.0.113.1'],
    [1, '192.0.2.1', '198.51.100.1, 203.0.113.1', '203.0.113.1'],
    [2, '192.0.2.1', '198.51.100.1, 203.0.113.1, 192.0.2.2', '203.0.113.1'],
    // Fewer entries than proxies: the request began at one of them.
    [2, '192.0.2.1', '203.0.113.1', '203.0.113.1'],
    [1, '192.0.2.1', '203.0.113.1, unknown', '192.0.2.1'],
    [1, '192.0.2.1', '203.0.113.1, 010.0.0.1', '192.0.2.1'],
    [1, '192.0.2.1', '[2001:db8:a:b:c:d:e:f]:443', '2001:db8:a:b:c:d:e:f', '2001:db8:a:b::/64'],
    [['loopback'], '127.0.0.1', '203.0.113.1', '203.0.113.1'],
    [['loopback'], '192.0.2.1', '203.0.113.1', '192.0.2.1'],
    [['loopback', '192.0.2.0/24'], '::1', '198.51.100.1, 203.0.113.1, 192.0.2.7', '203.0.113.1'],
    // A proxy that writes the port of the one before it.
    [['loopback', '192.0.2.0/24'], '::1', '198.51.100.1, 203.0.113.1:80, [::ffff:192.0.2.7]:80', '203.0.113.1'],
    [['2001:db8::/32'], '2001:db8::1', '203.0.113.1', '203.0.113.1'],
    [['uniquelocal'], '10.1.2.3', 'nonsense', '10.1.2.3'],
    [['uniquelocal'], '10.1.2.3', '10.9.9.9', '10.9.9.9'],
  ])('trusting %j, of %s with %j is %s', (trusted, peer, forwarded, address, network = address) => {
    expect(of(trusted, peer, forwarded)).toEqual({ address, network });
  });

  it('of a connection that is gone is unknown', () => {
    expect(of(0, undefined)).toEqual({ address: 'unknown', network: 'unknown' });
  });
});
