/** A TCP proxy whose connections can die silently, as in a sleep or a change of network: nothing arrives, and nothing closes. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface SilentProxy extends AsyncDisposable {
  readonly port: number;
  /** The number of connections so far. */
  readonly connections: number;
  /** Drops everything on the connections of this moment from now on, in both directions. Later connections work. */
  silence(): void;
  /** Does the same to the next connection on which the server sends this text, after the text has passed. */
  silenceAfter(text: string): void;
}

export async function startSilentProxy(target: () => string): Promise<SilentProxy> {
  const sockets = new Set<Socket>();
  const live = new Set<{ isSilent: boolean }>();
  let lastWords: string | null = null;
  let connections = 0;

  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    const state = { isSilent: false };
    live.add(state);
    const { hostname, port } = new URL(target());
    const upstream = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    const relay = (from: Socket, to: Socket, afterwards: (data: Buffer) => void) => {
      sockets.add(from);
      from.on('data', (data) => {
        if (state.isSilent) return;
        to.write(data);
        afterwards(data);
      });
      from.on('end', () => state.isSilent || to.end());
      from.on('error', () => state.isSilent || to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        if (!state.isSilent) to.destroy();
      });
    };
    relay(client, upstream, () => {});
    relay(upstream, client, (data) => {
      if (lastWords === null || !data.includes(lastWords)) return;
      lastWords = null;
      state.isSilent = true;
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    silence() {
      for (const state of live) state.isSilent = true;
    },
    silenceAfter(text) {
      lastWords = text;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
