/** Sockets without a session: a small share of the server, for a short time. */
import { expect, it } from 'vitest';
import { closeCodes } from '../../src/domain/errors.ts';
import { serverLimitDefaults } from '../../src/server/ports.ts';
import { eventually, startServer } from '../support/heliograph.ts';
import { statusOfUpgrade } from '../support/raw-http.ts';
import { connect, type RawSocket } from '../support/raw-socket.ts';

const from = (address: string) => ({ 'x-forwarded-for': address });

it('are bounded for each address and for all, and leave room for sockets with one', async () => {
  await using server = await startServer({
    SOCKETS_WITHOUT_SESSION_PER_ADDRESS_MAX: '2',
    SOCKETS_WITHOUT_SESSION_MAX: '3',
    TRUST_PROXY: '1',
  });
  const alice = await server.user();
  const sockets: RawSocket[] = [];
  // Once it has signed in, a socket counts no more.
  for (let count = 0; count < 4; count += 1)
    sockets.push(await connect(server, alice.session.accessToken, from('10.0.0.1')));
  for (let count = 0; count < 2; count += 1) sockets.push(await connect(server, undefined, from('10.0.0.1')));
  expect(await statusOfUpgrade(server.wsUrl, from('10.0.0.1'))).toBe(429);
  sockets.push(await connect(server, undefined, from('10.0.0.2')));
  expect(await statusOfUpgrade(server.wsUrl, from('10.0.0.3'))).toBe(503);
  const page = await fetch(`${server.url}/metrics`).then((response) => response.text());
  for (const limit of ['socketsWithoutSessionPerAddress', 'socketsWithoutSession'])
    expect(page).toContain(`heliograph_limits_hit_total{limit="${limit}"} 1`);

  await sockets.pop()?.close();
  await eventually(async () => (await statusOfUpgrade(server.wsUrl, from('10.0.0.3'))) === 101);
  await Promise.all(sockets.map((socket) => socket.close()));
});

it('are closed after a minute with 4403, and those with a session stay', async () => {
  let now = 0;
  await using server = await startServer({}, Date.now, () => now);
  const alice = await server.user();
  const [known, unknown] = [await connect(server, alice.session.accessToken), await connect(server)];
  now += serverLimitDefaults.withoutSessionMs - 1_000;
  expect((await unknown.ask('{ __typename }')).errors).toBeUndefined();
  now += 1_000;
  expect(await unknown.closed).toBe(closeCodes.forbidden.code);
  expect((await known.ask('{ viewer { user { id } } }')).errors).toBeUndefined();
  await known.close();
});
