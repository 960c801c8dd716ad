/** Starts and drains the process; the only file that reads signals or exits. */
import { readFileSync } from 'node:fs';
import { startHeliograph } from './compose.ts';
import { ConfigError, readConfig } from './config/config.ts';
import { StartError } from './domain/errors.ts';
import { createLog } from './observability/log.ts';

/** Time limit for the shutdown, without the drain of the sockets. */
const exitAfterMs = 30_000;
const orphanCheckMs = 500;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog({ level: config.logLevel, version });
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'unhandled rejection'));
  const heliograph = await startHeliograph(config, log, version);
  const { url, operatorUrl } = heliograph.server;

  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) process.exit(1); // A second signal means now.
    isStopping = true;
    log.info({ signal }, 'draining');
    setTimeout(() => process.exit(1), config.drainMs + exitAfterMs).unref();
    heliograph[Symbol.asyncDispose]().then(
      () => {
        log.info({}, 'stopped');
        log.flush(() => process.exit(0));
      },
      (error: unknown) => {
        log.error({ err: error }, 'shutdown failed');
        log.flush(() => process.exit(1));
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
  if (config.startedByNpm) whenOrphaned(() => stop('the end of npm'));

  // Logged last, because a supervisor that reads this line may stop the process at once.
  log.info(operatorUrl === null ? { url } : { url, operatorUrl }, 'heliograph is ready');
  if (process.stdout.isTTY || config.logLevel !== 'silent')
    console.error(
      `\n  Heliograph ${version} is ready.  ${config.graphiql ? `GraphiQL: ${url}/graphiql` : `API: ${url}/graphql`}\n`,
    );
}

/** A signal sent only to npm ends npm and its shell, and would leave the server running as an orphan. */
function whenOrphaned(call: () => void): void {
  const { ppid } = process;
  const timer = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(timer);
    call();
  }, orphanCheckMs);
  timer.unref();
}

/** A message for the operator when they can fix it; null for a bug, which is printed with its stack. */
function problemOf(error: unknown): string | null {
  if (error instanceof ConfigError || error instanceof StartError) return error.message;
  const { code, syscall, address, port } = error as NodeJS.ErrnoException & { address?: string; port?: number };
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return null;
  if (code === 'EADDRINUSE')
    return `PORT ${port} on ${address} is in use by another program. Stop that program, or choose another port.`;
  if (code === 'EACCES') return `PORT ${port} is not permitted for this user. Choose a port above 1023.`;
  return `HOST is not an address of this machine (${code}).`;
}

main().catch((error: unknown) => {
  const problem = problemOf(error);
  console.error(problem === null ? error : `\nHeliograph cannot start. ${problem}\n`);
  process.exit(1);
});
