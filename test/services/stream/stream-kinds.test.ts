/** Which messages a stream hands over to be rendered once for all their readers. */
import { expect, it, vi } from 'vitest';
import { entryKinds } from '../../../src/domain/entry-kinds.ts';
import type { EventSink, SharedEvent } from '../../../src/pubsub/event-source.ts';
import { Stream, type StreamEvent, type StreamPorts } from '../../../src/services/stream/stream.ts';
import { aMessage } from '../../support/drafts.ts';

const message = aMessage(1n, { sentAt: 0 });

/** The `shared` argument of a pushed live message, for a kind that looks the same to every viewer or not. */
function pushed(isSameForAll: boolean): SharedEvent | undefined {
  const rules = vi.spyOn(entryKinds, 'USER', 'get').mockReturnValue({ ...entryKinds.USER, isSameForAll });
  const push = vi.fn<EventSink<StreamEvent>['push']>(() => true);
  const sink = { push } as unknown as EventSink<StreamEvent>;
  const stream = new Stream(
    {} as StreamPorts,
    { catchUpPage: 1, retryAfterMs: 1 },
    { userId: '7', deviceId: '1', expiresAt: 0 },
    sink,
  );
  stream.push({ type: 'MessageReceived', seq: 5n, message }, true);
  rules.mockRestore();
  return push.mock.calls[0]?.[1];
}

it('shares the rendering only of messages whose kind looks the same to every viewer', () => {
  expect(pushed(true)).toEqual({ key: message, seq: 5n });
  expect(pushed(false)).toBeUndefined();
});
