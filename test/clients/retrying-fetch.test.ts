/** Requests that fail for a passing reason are repeated, and no message is stored twice by it. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { withRetries } from '../../examples/clients/retrying-fetch.ts';
import { Session } from '../../examples/clients/session.ts';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

let server: TestServer;
let alice: TestUser;

beforeAll(async () => {
  server = await startServer();
  alice = await server.user();
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => vi.useRealTimers());

const send = (fetcher: typeof fetch, input: object, signal?: AbortSignal) =>
  new Session(server.url, alice.session).withToken(fetcher)(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
    body: JSON.stringify({
      query: 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { deduplicated sentMessage { seq } } }',
      variables: { input },
    }),
    ...(signal === undefined ? {} : { signal }),
  });

/** `fetch` whose first answers are lost. */
function lossy(losses: number): typeof fetch & { calls: number } {
  const fetcher = Object.assign(
    async (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      fetcher.calls += 1;
      const response = await fetch(input, init);
      if (fetcher.calls <= losses) throw new TypeError('fetch failed');
      return response;
    },
    { calls: 0 },
  );
  return fetcher;
}

describe('a request', () => {
  const to = () => ({ userId: alice.id });

  it('is repeated when its answer was lost, and stores one message', async () => {
    const answer = await send(withRetries(lossy(2), 1), { to: to(), clientMessageId: 'lost', text: 'hello' });
    expect(await answer.json()).toEqual({ data: { sendMessage: { deduplicated: true, sentMessage: { seq: '1' } } } });
  });

  it('is repeated when the server answers that it is overloaded', async () => {
    const statuses = [429, 503, 502];
    const fetcher: typeof fetch = async (input, init) =>
      statuses.length > 0 ? new Response('', { status: statuses.shift() as number }) : fetch(input, init);
    const answer = await send(withRetries(fetcher, 1), { to: to(), clientMessageId: 'busy', text: 'hello' });
    expect([answer.status, statuses]).toEqual([200, []]);
  });

  it('is not repeated when the server refuses it', async () => {
    const fetcher = lossy(0);
    const answer = await send(withRetries(fetcher, 1), { to: to(), clientMessageId: '', text: 'hello' });
    expect(await answer.text()).toContain('BAD_USER_INPUT');
    expect(fetcher.calls).toBe(1);
  });

  it('fails after the last attempt, with its error', async () => {
    const fetcher = lossy(100);
    await expect(send(withRetries(fetcher, 1), { to: to(), clientMessageId: 'a', text: 'hello' })).rejects.toThrow(
      'fetch failed',
    );
    expect(fetcher.calls).toBe(8);
  });

  it('is not repeated when the caller has given up', async () => {
    const fetcher = lossy(100);
    const sent = send(withRetries(fetcher, 1), { to: to(), clientMessageId: 'b', text: 'hello' }, AbortSignal.abort());
    await expect(sent).rejects.toThrow();
    expect(fetcher.calls).toBe(1);
  });

  it('ends when the caller gives up during a pause', async () => {
    const caller = new AbortController();
    let calls = 0;
    const fetcher: typeof fetch = async () => {
      calls += 1;
      setImmediate(() => caller.abort());
      throw new TypeError('fetch failed');
    };
    const answer = withRetries(fetcher, 1e9)(server.url, { signal: caller.signal });
    await expect(answer).rejects.toThrow('aborted');
    expect(calls).toBe(1);
  });

  it('waits although a proxy names the time of the next attempt by its own clock', async () => {
    vi.useFakeTimers();
    let calls = 0;
    const fetcher: typeof fetch = async () => {
      calls += 1;
      const headers = { 'retry-after': 'Wed, 21 Oct 2015 07:28:00 GMT' };
      return calls === 1 ? new Response('', { status: 503, headers }) : new Response('{}');
    };
    const answer = withRetries(fetcher, 10_000)(server.url);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(calls).toBe(1);
    await vi.advanceTimersByTimeAsync(10_200);
    expect((await answer).status).toBe(200);
  });
});
