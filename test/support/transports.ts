/** The two ways in, so that a test can ask the same of both and compare what comes back. */
import type { Answer, TestServer } from './heliograph.ts';
import { connect } from './raw-socket.ts';

export interface Transport extends AsyncDisposable {
  readonly name: 'http' | 'ws';
  ask(query: string, variables?: object): Promise<Answer>;
}

/** HTTP and WebSocket of one session, or of nobody. */
export async function bothTransports(server: TestServer, token?: string): Promise<[http: Transport, ws: Transport]> {
  const socket = await connect(server, token);
  return [
    {
      name: 'http',
      ask: (query, variables) => server.post(query, variables, token),
      async [Symbol.asyncDispose]() {},
    },
    {
      name: 'ws',
      ask: (query, variables) => socket.ask(query, variables),
      [Symbol.asyncDispose]: () => socket.close(),
    },
  ];
}

/** What two transports must agree on. */
export function errorsOf({ errors }: Answer): object[] {
  return (errors ?? []).map(({ message, path, extensions }) => ({
    message,
    path,
    code: extensions.code,
    retryable: extensions.retryable,
  }));
}
