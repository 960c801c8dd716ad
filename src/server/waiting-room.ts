/**
 * Answers on the server's ports while the start waits for a component: the process lives, but it is not ready. It opens when the first
 * component is named, and must be closed before the server listens.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';

/** Clients retry after this time. */
const retryAfterS = '2';

export interface ListenAddress {
  readonly host: string;
  readonly port: number;
}

export interface WaitingRoom extends AsyncDisposable {
  /** Names a component that the start waits for. Resolves when the ports answer; rejects if they are in use. */
  name(component: string): Promise<void>;
}

/** @param operator - where `/readyz` is answered; null: with everything else */
export function createWaitingRoom({
  version,
  address,
  operator,
}: {
  version: string;
  address: ListenAddress;
  operator: ListenAddress | null;
}): WaitingRoom {
  const degraded = new Set<string>();
  let opening: Promise<Server[]> | null = null;

  function listenerFor(isForOperators: boolean): RequestListener {
    return (request, response) => {
      // Nothing is read, so the connection cannot be used again.
      response.setHeader('connection', 'close');
      response.setHeader('cache-control', 'no-store');
      const path = request.url?.split('?')[0];
      if (path === '/healthz') return send(response, 200, { status: 'ok', version });
      if (path === '/readyz' && isForOperators)
        return send(response, 503, { status: 'starting', degraded: [...degraded].sort(), version });
      response.setHeader('retry-after', retryAfterS);
      const extensions = { code: 'UNAVAILABLE', retryable: true };
      send(response, 503, { errors: [{ message: 'The server is starting.', extensions }] });
    };
  }

  async function open(): Promise<Server[]> {
    const servers = [createServer(listenerFor(operator === null))];
    const addresses = [address];
    if (operator !== null) {
      servers.push(createServer(listenerFor(true)));
      addresses.push(operator);
    }
    try {
      for (const [index, server] of servers.entries()) await once(server.listen(addresses[index]), 'listening');
    } catch (error) {
      await closeAll(servers);
      throw error;
    }
    return servers;
  }

  return {
    async name(component) {
      degraded.add(component);
      opening ??= open();
      await opening;
    },
    async [Symbol.asyncDispose]() {
      // A room that could not open has nothing to close.
      const servers = await opening?.catch(() => []);
      await closeAll(servers ?? []);
    },
  };
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body));
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  for (const server of servers) {
    if (!server.listening) continue;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
}
