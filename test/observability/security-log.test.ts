/** Security events of log-ins and devices: lines with ECS fields, and counts. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SecurityEventEntry, securityEvents } from '../../src/domain/security-event.ts';
import { createGroup } from '../support/actions.ts';
import { startServer, type TestServer } from '../support/heliograph.ts';
import { bothTransports } from '../support/transports.ts';

const logIn = 'mutation ($input: LogInInput!) { logIn(input: $input) { session { deviceId refreshToken } } }';
const refresh =
  'mutation ($token: String!) { refreshSession(input: { refreshToken: $token }) { session { refreshToken } } }';

describe('security events', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const eventsOf = (...names: string[]) =>
    server.logLines
      .filter((line) => line['event.category'] === 'authentication' && names.includes(line['event.action']))
      .map(({ '@timestamp': _at, 'service.name': _name, 'service.version': _version, ...line }) => line);

  async function countOf(event: string): Promise<number> {
    const page = await (await fetch(`${server.url}/metrics`)).text();
    return Number(
      new RegExp(`^heliograph_security_events_total\\{event="${event}"\\} (\\d+)$`, 'm').exec(page)?.[1] ?? 0,
    );
  }

  it('tell failed log-ins with the account, the address and the reason, and nothing that was typed', async () => {
    const mia = await server.user('mia');
    await server.post(logIn, { input: { username: 'mia', password: 'a wrong one' } });
    await server.post(logIn, { input: { username: 'typed-into-name', password: 'another wrong one' } });
    const line = {
      'log.level': 'warn',
      'event.kind': 'event',
      'event.category': 'authentication',
      'event.action': 'log-in-failed',
      'event.outcome': 'failure',
      'source.ip': '127.0.0.1',
      message: 'The username or the password of a log-in was wrong.',
    };
    expect(eventsOf('log-in-failed')).toEqual([
      { ...line, 'event.reason': 'wrong-password', 'user.id': mia.id },
      { ...line, 'event.reason': 'unknown-user' },
    ]);
    expect(JSON.stringify(server.logLines)).not.toMatch(/wrong one|typed-into-name|correct horse/);
    expect(await countOf('log-in-failed')).toBe(2);
  });

  it('tell new users and new devices, and log-ins on known devices as no new ones', async () => {
    const ned = await server.user('ned');
    const input = { username: 'ned', password: 'correct horse' };
    const { logIn: second } = (await server.post(logIn, { input })).data ?? {};
    await server.post(logIn, { input: { ...input, deviceId: second.session.deviceId } });
    const events = eventsOf('user-registered', 'logged-in', 'device-added').filter(
      (line) => line['user.id'] === ned.id,
    );
    expect(events.map((line) => [line['event.action'], line['device.id'], line['event.outcome']])).toEqual([
      ['user-registered', ned.session.deviceId, 'success'],
      ['logged-in', second.session.deviceId, 'success'],
      ['device-added', second.session.deviceId, 'success'],
      ['logged-in', second.session.deviceId, 'success'],
    ]);
    expect(await countOf('device-added')).toBe(1);
  });

  it('tell a refresh token that is used twice, and log-outs', async () => {
    const [olga, paul] = [await server.user('olga'), await server.user('paul')];
    const token = olga.session.refreshToken;
    const { data } = await server.post(refresh, { token });
    await server.post(refresh, { token: data?.refreshSession.session.refreshToken });
    await server.post(refresh, { token });
    await paul.post('mutation { logOut { deviceId } }');
    expect(eventsOf('refresh-reused', 'logged-out')).toMatchObject([
      { 'event.action': 'refresh-reused', 'log.level': 'warn', 'user.id': olga.id, 'device.id': olga.session.deviceId },
      { 'event.action': 'logged-out', 'log.level': 'info', 'user.id': paul.id, 'device.id': paul.session.deviceId },
    ]);
    expect(await countOf('refresh-reused')).toBe(1);
  });
});

describe('frequent events', () => {
  let now = 1_000;
  let server: TestServer;
  beforeAll(async () => {
    const env = { RATE_LIMIT_SCALE: '0.01', ACCESS_TOKEN_TTL_S: '86400' };
    server = await startServer(env, Date.now, () => now);
  });
  afterAll(() => server[Symbol.asyncDispose]());
  const eventsOf = (name: string) => server.logLines.filter((line) => line['event.action'] === name);

  it('name a user who tries what their role does not allow, over both transports, once a minute', async () => {
    const owner = await server.user();
    now += 3_600_000;
    const member = await server.user();
    const groupId = await createGroup(owner, [member]);
    const promote = 'mutation ($i: SetMemberRoleInput!) { setMemberRole(input: $i) { conversation { id } } }';
    const input = { conversationId: groupId, userId: owner.id, role: 'ADMIN' };
    for (const transport of await bothTransports(server, member.session.accessToken)) {
      await using asking = transport;
      expect((await asking.ask(promote, { i: input })).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    }
    expect(eventsOf('access-refused')).toMatchObject([
      { 'log.level': 'warn', 'event.reason': 'setMemberRole', 'user.id': member.id, 'source.ip': '127.0.0.1' },
    ]);
    now += 60_001;
    await member.post(promote, { i: input });
    expect(eventsOf('access-refused')).toHaveLength(2);
    const page = await (await fetch(`${server.url}/metrics`)).text();
    expect(page).toContain('heliograph_security_events_total{event="access-refused"} 3');
  });

  it('name the limit and who exceeds it: a user, or an address', async () => {
    now += 3_600_000;
    const user = await server.user();
    const { conversationId } = await user.send({ userId: user.id }, 'x');
    const seen = eventsOf('limit-reached').length;
    const sends = Array.from({ length: 10 }, () =>
      user.sendRaw({ to: { conversationId }, text: 'x', clientMessageId: randomUUID() }),
    );
    await Promise.all(sends);
    for (let count = 0; count < 20; count += 1) await server.post('{ __typename }');
    const told = eventsOf('limit-reached').slice(seen);
    expect(told.map((line) => [line['event.reason'], line['user.id'], line['source.ip']])).toEqual([
      ['sends', user.id, undefined],
      ['anonymousOperations', undefined, '127.0.0.1'],
    ]);
  });
});

it('docs/operation.md shows the catalogue', () => {
  const page = readFileSync(new URL('../../docs/operation.md', import.meta.url), 'utf8');
  const section = page.split('### Security events\n')[1]?.split('\n## ')[0] ?? '';
  const rows = [...section.matchAll(/^\| `([\w-]+)` \| (\w+) \| (.+) \|$/gm)].map((row) => row.slice(1));
  expect(rows).toEqual(
    Object.entries<SecurityEventEntry>(securityEvents).map(([name, { outcome, meaning }]) => [name, outcome, meaning]),
  );
});
