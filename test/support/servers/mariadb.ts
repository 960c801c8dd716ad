/** A MariaDB server on loopback, in a temporary folder. Its account `root` has no password. */
import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../folders.ts';
import { freePort } from '../free-port.ts';
import { requireServer } from './requirement.ts';
import { acceptsConnections, ServerProgram } from './server-program.ts';

/** Whether tests can use MySQL or MariaDB here. */
export const mysqlRequirement = requireServer({
  name: 'MariaDB',
  program: 'mariadbd',
  install: 'apt-get install mariadb-server',
  urlVariable: 'TEST_MYSQL_URL',
});

export interface MariadbServer extends AsyncDisposable {
  readonly port: number;
  readonly program: ServerProgram;
}

/** @param args - further options of mariadbd */
export async function startMariadb(args: readonly string[] = []): Promise<MariadbServer> {
  const { program: path } = mysqlRequirement;
  if (path === null) throw new Error('mariadbd is missing');
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  // As root it serves as its own user, who must own the folder.
  const asUser = process.getuid?.() === 0 ? ['--user=mysql'] : [];
  if (asUser.length > 0) chownSync(folder.path, idOf('-u'), idOf('-g'));
  // Servers that share a folder for temporary tables take one another's.
  const places = [`--datadir=${join(folder.path, 'data')}`, `--tmpdir=${folder.path}`];
  // A test's data must survive a killed server, but not a crash of the machine: nothing waits for the disk.
  const fast = ['--innodb-flush-method=nosync', '--innodb-flush-log-at-trx-commit=2', '--skip-innodb-doublewrite'];
  const common = ['--no-defaults', ...places, ...asUser, ...fast, '--innodb-log-file-size=16M'];
  const install = ['--auth-root-authentication-method=normal', '--skip-test-db', '--skip-name-resolve'];
  execFileSync('mariadb-install-db', [...common, ...install], { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = Number(await freePort());
  const program = stack.use(
    new ServerProgram({
      program: path,
      args: [
        ...common,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-name-resolve',
        `--socket=${join(folder.path, 'socket')}`,
        `--pid-file=${join(folder.path, 'pid')}`,
        '--innodb-buffer-pool-size=64M',
        ...args,
      ],
      isReady: () => acceptsConnections(port, { speaksFirst: true }),
    }),
  );
  await program.start();
  const started = stack.move();
  return { port, program, [Symbol.asyncDispose]: () => started.disposeAsync() };
}

function idOf(flag: '-u' | '-g'): number {
  return Number(execFileSync('id', [flag, 'mysql'], { encoding: 'utf8' }));
}
