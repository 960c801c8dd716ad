/**
 * Starts a subscription again that the server refuses or ends for a passing reason, such as UNAVAILABLE. graphql-ws does so only after
 * the loss of a connection: the errors of an operation end it.
 */
import type { FormattedExecutionResult } from 'graphql';
import type { Client, Sink, SubscribePayload } from 'graphql-ws';

interface Refusal {
  readonly retryAfterMs?: number;
}

/** @param retryWait - waits between two attempts, of which there were `tries` in a row without an event */
export function createResubscriber(client: Pick<Client, 'subscribe'>, retryWait: (tries: number) => Promise<void>) {
  let isDisposed = false;

  return {
    subscribe<Data = Record<string, unknown>, Extensions = unknown>(
      payload: SubscribePayload,
      sink: Sink<FormattedExecutionResult<Data, Extensions>>,
    ): () => void {
      let isStopped = false;
      let tries = 0;
      let stop = () => {};

      function start(): void {
        if (isStopped || isDisposed) return;
        /** Set when this attempt has ended: what graphql-ws reports afterwards is of no interest. */
        let isOver = false;
        const again = ({ retryAfterMs }: Refusal) => {
          isOver = true;
          stop();
          const pause = retryAfterMs === undefined ? retryWait(tries) : wait(retryAfterMs);
          tries += 1;
          void pause.then(start);
        };
        stop = client.subscribe<Data, Extensions>(payload, {
          next(result) {
            const refusal = result.data == null ? passing(result.errors) : null;
            if (refusal !== null) return again(refusal);
            tries = 0;
            sink.next(result);
          },
          error(problem) {
            const refusal = passing(problem);
            if (refusal !== null) again(refusal);
            else if (!isOver) sink.error(problem);
          },
          complete() {
            if (!isOver) sink.complete();
          },
        });
      }

      start();
      return () => {
        isStopped = true;
        stop();
      };
    },

    /** No subscription is started any more. */
    dispose(): void {
      isDisposed = true;
    },
  };
}

/** Queries and mutations are repeated by their callers, who know what they mean. */
export function isSubscription({ query }: SubscribePayload): boolean {
  return /^\s*subscription\b/m.test(query);
}

/** The refusal in the errors of an operation, if the server says that it is worth another try. */
function passing(errors: unknown): Refusal | null {
  const [first] = Array.isArray(errors) ? (errors as { extensions?: Refusal & { retryable?: boolean } }[]) : [];
  return first?.extensions?.retryable === true ? first.extensions : null;
}

const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
