/** Starts and drains the process; the only file that reads signals or exits. */
import { readFileSync } from 'node:fs';
import { startHeliograph } from './compose.ts';
import { ConfigError, readConfig } from './config/config.ts';
import { createLog } from './observability/log.ts';

const exitAfterMs = 30_000;
const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

async function main(): Promise<void> {
  const config = readConfig();
  const log = createLog({ level: config.logLevel, version });
  process.on('unhandledRejection', (error) => log.error({ err: error }, 'a rejection was not handled'));
  const heliograph = await startHeliograph(config, log, version);
  const { url } = heliograph.server;
  log.info({ url }, 'heliograph is ready');
  if (process.stdout.isTTY || config.logLevel !== 'silent')
    console.error(`\n  Heliograph ${version} is ready.  GraphiQL: ${url}/graphiql\n`);

  let isStopping = false;
  const stop = (signal: string) => {
    if (isStopping) process.exit(1); // A second signal means now.
    isStopping = true;
    log.info({ signal }, 'draining');
    setTimeout(() => process.exit(1), exitAfterMs).unref();
    heliograph[Symbol.asyncDispose]().then(
      () => {
        log.info({}, 'stopped');
        log.flush(() => process.exit(0));
      },
      (error: unknown) => {
        log.error({ err: error }, 'stopping failed');
        log.flush(() => process.exit(1));
      },
    );
  };
  process.on('SIGTERM', () => stop('SIGTERM'));
  process.on('SIGINT', () => stop('SIGINT'));
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(1);
});
