/** A server of its own process, so that its graphql is not that of the tools. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../test/support/free-port.ts';
import { ServerProcess } from '../../../../test/support/server-process.ts';

export interface Server extends AsyncDisposable {
  readonly process: ServerProcess;
}

/** On the same port after each start. */
export async function startServer(env: Record<string, string> = {}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-server-'));
  const process = new ServerProcess({ DATA_DIR: folder, PORT: await freePort(), LOG_LEVEL: 'error', ...env });
  await process.start();
  return {
    process,
    async [Symbol.asyncDispose]() {
      await process[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
