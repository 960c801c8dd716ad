import { expect, it } from 'vitest';
import { closeCodes } from '../../src/domain/errors.ts';
import { eventually, startServer } from '../support/heliograph.ts';
import { connect, RawSocket } from '../support/raw-socket.ts';

it('a socket without connection_init is closed; one with it stays open', async () => {
  await using server = await startServer();
  const [silent, chatty, known] = [await RawSocket.open(server), await RawSocket.open(server), await connect(server)];
  // Anything else does not count.
  chatty.send({ type: 'ping' });
  await chatty.until(({ type }) => type === 'pong');
  const { initTimeout } = closeCodes;
  expect(await Promise.all([silent.closed, chatty.closed])).toEqual([initTimeout.code, initTimeout.code]);
  await eventually(() => server.heliograph.server.socketCount === 1);
  expect(await known.ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  await known.close();
});
