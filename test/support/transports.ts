/** Both transports, so that a test can send the same request over each and compare the answers. */
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

/** The part of an answer that must be equal on both transports. */
export function errorsOf({ errors }: Answer): object[] {
  return (errors ?? []).map(({ message, path, extensions }) => ({
    message,
    path,
    code: extensions.code,
    retryable: extensions.retryable,
  }));
}
