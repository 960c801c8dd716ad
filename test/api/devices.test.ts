/** A user's list of devices: names, last use, sign-outs, and how long an unused device stays in it. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, eventually, startServer, type TestServer, TestUser } from '../support/heliograph.ts';

const hour = 3_600_000;
const day = 24 * hour;
const password = 'correct horse';
const fields = 'accessToken refreshToken deviceId user { id username }';
const logIn = `mutation ($input: LogInInput!) { logIn(input: $input) { session { ${fields} } } }`;
const refresh = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { ${fields} } } }`;
const list = '{ viewer { devices { id name isCurrent createdAt lastUsedAt } } }';
const codeOf = (answer: Answer) => answer.errors?.[0]?.extensions.code;

const startedAt = Date.parse('2026-03-01T12:00:00.000Z');
let now: number;
let server: TestServer;
beforeEach(async () => {
  now = startedAt;
  server = await startServer({ ACCESS_TOKEN_TTL_S: '86400' }, () => now);
});
afterEach(() => server[Symbol.asyncDispose]());

const timeAt = (ms: number) => new Date(startedAt + ms).toISOString();

async function onDevice({ session: { user } }: TestUser, deviceName: string): Promise<TestUser> {
  const { data } = await server.post(logIn, { input: { username: user.username, password, deviceName } });
  return new TestUser(server, data?.logIn.session);
}

async function renew(user: TestUser): Promise<Answer> {
  const answer = await server.post(refresh, { input: { refreshToken: user.session.refreshToken } });
  const next = answer.data?.refreshSession?.session;
  if (next !== undefined) user.session = next;
  return answer;
}

const devicesOf = async (user: TestUser) => (await user.ask(list)).viewer.devices;
const namesOf = async (user: TestUser) => (await devicesOf(user)).map(({ name }: { name: string }) => name);

describe('Viewer.devices', () => {
  it('has each device with its name, its last use and the current one, the latest used first', async () => {
    const laptop = await server.user();
    now += hour;
    const phone = await onDevice(laptop, 'Phone 📱');
    const [first, second] = [laptop.session.deviceId, phone.session.deviceId];
    expect(await devicesOf(phone)).toEqual([
      { id: second, name: 'Phone 📱', isCurrent: true, createdAt: timeAt(hour), lastUsedAt: timeAt(hour) },
      { id: first, name: null, isCurrent: false, createdAt: timeAt(0), lastUsedAt: timeAt(0) },
    ]);
    now += hour;
    await renew(laptop);
    expect(await devicesOf(laptop)).toMatchObject([
      { id: first, isCurrent: true, lastUsedAt: timeAt(2 * hour) },
      { id: second, isCurrent: false, lastUsedAt: timeAt(hour) },
    ]);
  });

  it('is at most an hour behind with the last use, however long access tokens last', async () => {
    const user = await server.user();
    const lastUsedAt = async () => (await devicesOf(user))[0].lastUsedAt;
    for (const hours of [1, 2, 3]) {
      now = startedAt + hours * hour;
      // The use is recorded beside the request, so a later one shows it.
      await eventually(async () => (await lastUsedAt()) === timeAt(hours * hour), `use after ${hours} h`);
    }
  });

  it('has no device that was unused for the lifetime of a refresh token', async () => {
    const laptop = await server.user();
    const phone = await onDevice(laptop, 'Phone');
    now += 50 * day;
    expect(codeOf(await renew(phone))).toBeUndefined();
    expect(await namesOf(phone)).toEqual(['Phone', null]);
    now += 11 * day;
    await server.restart();
    expect(codeOf(await renew(laptop))).toBe('UNAUTHENTICATED');
    expect(codeOf(await renew(phone))).toBeUndefined();
    await eventually(async () => (await namesOf(phone)).join() === 'Phone', 'the device to be forgotten');
    const again = { username: phone.session.user.username, password, deviceId: laptop.session.deviceId };
    expect(codeOf(await server.post(logIn, { input: again }))).toBe('NOT_FOUND');
  });
});

it('a change of password ends refresh tokens of the other devices too, and none of this one', async () => {
  const laptop = await server.user();
  const others = [await onDevice(laptop, 'Phone'), await onDevice(laptop, 'Tablet')];
  const change = `mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { viewer { devices { id } } } }`;
  await laptop.ask(change, { input: { currentPassword: password, newPassword: 'battery staple' } });
  for (const other of others) expect(codeOf(await renew(other))).toBe('UNAUTHENTICATED');
  expect(codeOf(await renew(laptop))).toBeUndefined();
  expect(await devicesOf(laptop)).toMatchObject([{ id: laptop.session.deviceId, isCurrent: true }]);
});

it('a revoked device cannot renew its session, and logs in again as the same device', async () => {
  const laptop = await server.user();
  const phone = await onDevice(laptop, 'Phone');
  await laptop.ask('mutation ($id: ID!) { revokeDevice(input: { deviceId: $id }) { viewer { user { id } } } }', {
    id: phone.session.deviceId,
  });
  expect(codeOf(await renew(phone))).toBe('UNAUTHENTICATED');
  const input = { username: laptop.session.user.username, password, deviceId: phone.session.deviceId };
  const { data } = await server.post(logIn, { input });
  expect(data?.logIn.session.deviceId).toBe(phone.session.deviceId);
  expect(await devicesOf(laptop)).toHaveLength(2);
});
