/** A TCP proxy in front of a MySQL server, which keeps a statement back or cuts a connection at a statement. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface MysqlGate extends AsyncDisposable {
  readonly port: number;
  /** Keeps back what clients send, from the next statement with this text on. Resolves when it was sent. */
  hold(text: string): Promise<void>;
  /** Passes on what was kept back, although its client may be gone. */
  release(): void;
  /** Ends every connection when the server has answered so many more statements; -1: never. */
  cutAfter(statements: number): void;
}

export async function startMysqlGate(target: {
  readonly hostname: string;
  readonly port: string | number;
}): Promise<MysqlGate> {
  const sockets = new Set<Socket>();
  let held: { text: string; reached: () => void } | null = null;
  /** What is kept back, by connection; null: nothing of it. */
  const keeping = new Set<{ kept: (() => void)[] | null }>();
  let left = -1;

  const server = createServer((client) => {
    const upstream = connect({ host: target.hostname, port: Number(target.port) });
    const own: { kept: (() => void)[] | null } = { kept: null };
    keeping.add(own);
    const passOn = (call: () => void) => (own.kept === null ? call() : void own.kept.push(call));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    }
    client.on('data', (data) => {
      if (held !== null && data.includes(held.text)) {
        own.kept = [];
        held.reached();
        held = null;
      }
      passOn(() => upstream.write(data));
    });
    client.on('close', () => {
      // The server does not notice it before it has got what was kept back.
      passOn(() => upstream.end());
    });
    upstream.on('data', (data) => {
      client.write(data);
      if (left > 0) left -= 1;
      if (left === 0) for (const socket of sockets) socket.destroy();
    });
    upstream.on('close', () => client.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hold: (text) =>
      new Promise((resolve) => {
        held = { text, reached: resolve };
      }),
    release() {
      for (const own of keeping) {
        const calls = own.kept ?? [];
        own.kept = null;
        for (const call of calls) call();
      }
    },
    cutAfter(statements) {
      left = statements;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
