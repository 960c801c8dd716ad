/** A session ends between the check of its token and the moment from which its socket is found by its device. */
import { expect, it } from 'vitest';
import { ByteBudgets } from '../../src/domain/byte-budget.ts';
import { closeCodes, DomainError } from '../../src/domain/errors.ts';
import { createMetrics } from '../../src/observability/metrics.ts';
import { resolvers } from '../../src/resolvers/index.ts';
import { createSchema } from '../../src/resolvers/schema.ts';
import { operationLimitDefaults } from '../../src/server/pipeline/limits.ts';
import { type ServerLimits, type ServerPorts, serverLimitDefaults } from '../../src/server/ports.ts';
import { startServer } from '../../src/server/start-server.ts';
import { RawSocket } from '../support/raw-socket.ts';

const many = 1_000;
const limits = {
  ...operationLimitDefaults,
  ...serverLimitDefaults,
  operationsPerSocketMax: many,
  connectionsMax: many,
  connectionsPerAddressMax: many,
  socketsMax: many,
  socketsPerUserMax: many,
  socketsPerAddressMax: many,
  socketsWithoutSessionMax: many,
  socketsWithoutSessionPerAddressMax: many,
  subscriptionsPerUserMax: many,
  requestMaxBytes: 100_000,
  pingEveryMs: 30_000,
  drainMs: 0,
} as ServerLimits;

it('the socket is closed like any other of that device', async () => {
  let revoke = (_deviceId: string) => {};
  let isRevoked = false;
  const attached = new Set<string>();
  const page = { ok: true, body: {} };
  const log = { info() {}, warn() {}, error() {} };
  const running = await startServer(
    {
      schema: createSchema(resolvers),
      createContext: () => ({}) as never,
      budgets: new ByteBudgets({ answerMaxBytes: 1_000_000, answersMaxBytes: 1_000_000 }, () => {}),
      async verifyToken(token) {
        if (isRevoked) throw new DomainError('UNAUTHENTICATED', 'revoked');
        if (token === 'revoked') {
          isRevoked = true;
          revoke('7');
        }
        return { userId: '1', deviceId: token === 'revoked' ? '7' : '8', expiresAt: Number.POSITIVE_INFINITY };
      },
      onRevoked: async (listener) => {
        revoke = listener;
        return () => {};
      },
      attach({ deviceId }) {
        attached.add(deviceId);
        return () => attached.delete(deviceId);
      },
      onSecurityEvent() {},
      rateLimiter: { take: () => 0 },
      limits,
      log,
      metrics: createMetrics('test').server,
      health: { live: () => page, ready: async () => page, metrics: async () => ({ contentType: '', body: '' }) },
      clock: Date.now,
      elapsed: () => performance.now(),
      host: '127.0.0.1',
      port: 0,
      allowedOrigins: [],
      trustProxy: 0,
      apolloPlugins: null,
      introspection: true,
      operator: null,
    } satisfies Partial<ServerPorts> as ServerPorts,
    null,
  );
  const server = { wsUrl: `${running.url.replace('http', 'ws')}/graphql` };
  const open = async (token: string) => {
    const socket = await RawSocket.open(server);
    return { socket, answer: await socket.init({ Authorization: `Bearer ${token}` }) };
  };
  const good = await open('good');
  expect(good.answer).toBe('connection_ack');
  const late = await open('revoked');
  expect(await late.socket.closed).toBe(closeCodes.forbidden.code);
  expect([...attached]).toEqual(['8']);
  await good.socket.close();
  await running.close();
});
