import { createClient } from 'graphql-ws';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { temporaryFolder } from '../support/folders.ts';
import { ServerProcess } from '../support/server-process.ts';

describe('SIGTERM', () => {
  it('sends sockets elsewhere with a code that lets them come back, and ends with 0', async () => {
    using folder = temporaryFolder();
    await using server = new ServerProcess({ DATA_DIR: folder.path, DRAIN_MS: '300' });
    await server.start();
    const codes: number[] = [];
    const clients = Array.from({ length: 5 }, () =>
      createClient({
        url: `${server.url.replace('http', 'ws')}/graphql`,
        webSocketImpl: WebSocket,
        lazy: false,
        retryAttempts: 0,
        onNonLazyError: () => {},
        on: { closed: (event) => codes.push((event as { code: number }).code) },
      }),
    );
    await Promise.all(clients.map((client) => new Promise((resolve) => client.on('connected', resolve))));
    expect(await server.end('SIGTERM')).toBe(0);
    expect(codes).toEqual([1012, 1012, 1012, 1012, 1012]);
  });
});
