/**
 * What a running subscription needs on this page. GraphiQL shows its last result only, so that a message would be gone with the
 * next heartbeat: here the events before it stay in sight, below it. And a stream whose connection was lost goes on after the
 * last message it brought, instead of beginning anew.
 */
const earlierMax = 50;

export function keepEvents(client) {
  return {
    ...client,
    subscribe(payload, sink) {
      const earlier = [];
      let last = null;
      let position = null;
      const variables = { ...payload.variables };
      const { afterSeq } = variables;
      if (afterSeq !== undefined) {
        // graphql-ws sends the variables anew at each connection.
        Object.defineProperty(variables, 'afterSeq', { enumerable: true, get: () => position ?? afterSeq });
      }
      return client.subscribe(
        { ...payload, variables },
        {
          ...sink,
          next(result) {
            position = positionAfter(result.data?.messageReceived) ?? position;
            if (last !== null) earlier.unshift(last);
            earlier.length = Math.min(earlier.length, earlierMax);
            last = result.data?.messageReceived?.__typename === 'StreamHeartbeat' ? null : result.data;
            sink.next(earlier.length === 0 ? result : { ...result, earlierEvents: [...earlier] });
          },
        },
      );
    },
  };
}

/** Where the stream is after an event of the example "Stream". */
function positionAfter(event) {
  if (event?.__typename === 'MessageReceived') return event.inboxSeq;
  if (event?.__typename === 'StreamHeartbeat') return event.position;
  return event?.__typename === 'StreamTruncated' ? event.backlogs?.at(-1)?.inboxSeq : undefined;
}
