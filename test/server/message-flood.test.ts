import { expect, it } from 'vitest';
import { closeCodes } from '../../src/domain/errors.ts';
import { serverLimitDefaults } from '../../src/server/ports.ts';
import { startServer } from '../support/heliograph.ts';
import { connect } from '../support/raw-socket.ts';

it('a flood of messages closes its own socket, and no other of the same user', async () => {
  await using server = await startServer({ RATE_LIMIT_SCALE: '1' });
  const alice = await server.user();
  const { accessToken } = alice.session;
  const [flooding, calm] = [await connect(server, accessToken), await connect(server, accessToken)];
  // A sweep may come in between and count anew: so many are too many on either side of it.
  for (let count = 0; count <= 3 * serverLimitDefaults.messagesPerSecondMax; count += 1)
    flooding.send({ type: 'ping' });
  expect(await flooding.closed).toBe(closeCodes.tooManyRequests.code);
  expect((await calm.ask('{ viewer { user { id } } }')).data?.viewer.user.id).toBe(alice.id);
  await calm.close();
});
