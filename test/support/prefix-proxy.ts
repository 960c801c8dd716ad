/** A reverse proxy that serves a server under a path prefix, which it takes off, for requests and for WebSockets. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';

export interface PrefixProxy extends AsyncDisposable {
  /** With the prefix, and a slash at its end. */
  readonly url: string;
}

export async function startPrefixProxy(target: string, prefix: string): Promise<PrefixProxy> {
  const forward = ({ url = '', method, headers }: IncomingMessage) =>
    request(new URL(url.slice(prefix.length), target), { method, headers });
  const isInside = ({ url }: IncomingMessage) => url?.startsWith(`${prefix}/`) === true;
  const ignore = () => {};

  const proxy = createServer((incoming, outgoing) => {
    if (!isInside(incoming)) return void outgoing.writeHead(404).end('outside of the prefix');
    const asked = forward(incoming);
    asked.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, outgoing, ignore);
    });
    pipeline(incoming, asked, ignore);
  });
  proxy.on('upgrade', (incoming, client) => {
    if (!isInside(incoming)) return client.destroy();
    const asked = forward(incoming);
    asked.on('error', () => client.destroy());
    asked.on('upgrade', ({ rawHeaders }, server) => {
      const lines = Array.from({ length: rawHeaders.length / 2 }, (_, at) =>
        rawHeaders.slice(2 * at, 2 * at + 2).join(': '),
      );
      client.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n`);
      pipeline(client, server, ignore);
      pipeline(server, client, ignore);
    });
    asked.end();
  });
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}/`,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}
