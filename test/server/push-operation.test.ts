/** Shared events are rendered once for all subscribers, unless the rendering failed. */
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Context as Connection } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import type { ClientSocket } from '../../src/server/client-socket.ts';
import type { Operation, Pipeline } from '../../src/server/pipeline/pipeline.ts';
import { PushOperation, type PushPorts } from '../../src/server/push-operation.ts';

const operation = { isShared: true, field: 'messageReceived', eventVariables: [], source: '' } as unknown as Operation;

/** Subscribers that share renderings; what they were sent, and how often an event was executed. */
function subscribers(render: (count: number) => ExecutionResult | Promise<ExecutionResult>) {
  let executed = 0;
  const sent: unknown[] = [];
  const ports: PushPorts = {
    pipeline: { render: () => render(executed++) } as unknown as Pipeline,
    createContext: () => ({}) as ReturnType<PushPorts['createContext']>,
    onEvent: () => {},
    onEnd: () => {},
    renderings: new WeakMap(),
  };
  const socket = {
    fullSince: 0,
    ending: null,
    waitNoMore: () => false,
    send: (frame: string) => sent.push(JSON.parse(frame).payload),
  };
  const connection = { extra: socket, subscriptions: {} } as unknown as Connection<
    Record<string, unknown>,
    ClientSocket
  >;
  return {
    subscribe: () => new PushOperation(connection, 'id', operation, {}, ports),
    sent,
    executed: () => executed,
  };
}

const good: ExecutionResult = { data: { messageReceived: { text: 'x' } } };
const failed: ExecutionResult = { data: null, errors: [new GraphQLError('away')] };
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe.each([
  ['at once', (result: ExecutionResult) => result],
  ['later', async (result: ExecutionResult) => result],
])('a shared event that is rendered %s', (_when, answer) => {
  it('is executed once for all', async () => {
    const { subscribe, sent, executed } = subscribers(() => answer(good));
    const event = { key: {}, seq: null };
    for (let count = 0; count < 3; count += 1) {
      subscribe().push({}, event);
      await settled();
    }
    expect(sent).toEqual([good, good, good]);
    expect(executed()).toBe(1);
  });

  it('is executed again for the next subscriber after it failed for one', async () => {
    const { subscribe, sent, executed } = subscribers((count) => answer(count === 0 ? failed : good));
    const event = { key: {}, seq: null };
    for (let count = 0; count < 3; count += 1) {
      subscribe().push({}, event);
      await settled();
    }
    expect(sent).toEqual([JSON.parse(JSON.stringify(failed)), good, good]);
    expect(executed()).toBe(2);
  });
});
