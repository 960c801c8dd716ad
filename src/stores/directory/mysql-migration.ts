/** The migrations on MySQL, by one instance at a time. */
import knexFactory, { type Knex } from 'knex';
import { StartError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import { listPending, migrationSource } from './migrations.ts';
import type { MysqlAccess } from './mysql-access.ts';
import { MysqlConnection } from './mysql-connection.ts';
import { MysqlClient } from './mysql-dialect.ts';
import { noAnswer, SqlFailure } from './sql-errors.ts';

/** Time after which a wait for the lock, or a long migration, is reported. */
const reportEveryMs = 5_000;

const lockWaitS = 5;

const migrationTable = 'knex_migrations';

export interface MysqlMigrationOptions {
  readonly access: MysqlAccess;
  readonly timeoutMs: Millis;
  readonly collate: string;
  /** Whether to require current tables instead. */
  readonly isShared: boolean;
  readonly onWaiting: (reason: Error) => Promise<void>;
}

/** @throws StartError: the database belongs to another program, or it is not current and `isShared` */
export async function migrateMysql({ access, timeoutMs, collate, isShared, onWaiting }: MysqlMigrationOptions) {
  // A schema change of a large table may take long.
  const statementMaxMs = isShared ? timeoutMs : null;
  const connection = await MysqlConnection.open({ access, timeoutMs, statementMaxMs });
  const knex = createKnex(connection, collate);
  const report = () =>
    onWaiting(new Error('a migration of the tables, or a wait for that of another instance, goes on'));
  const timer = setInterval(() => void report().catch(() => {}), reportEveryMs);
  try {
    if (await isCurrent(knex)) return;
    if (isShared) throw new StartError(`The database ${access.database} is not up to date. Start the server first.`);
    await acquireLock(knex);
    await refuseOtherTables(knex, access.database);
    // Whoever had knex's own lock has lost the server's, so it has ended.
    await knex.migrate.forceFreeMigrationsLock({ migrationSource });
    await knex.migrate.latest({ migrationSource });
  } finally {
    clearInterval(timer);
    await knex.destroy();
  }
}

/**
 * knex on one connection, which holds the lock: when it ends, the server frees the lock, and no statement may follow on another
 * connection.
 */
function createKnex(connection: MysqlConnection, collate: string): Knex {
  let isTaken = false;
  const connect = async () => {
    if (isTaken) throw new SqlFailure({ code: noAnswer, message: 'the connection was lost during a migration' });
    isTaken = true;
    return connection;
  };
  return knexFactory({
    client: MysqlClient as unknown as typeof Knex.Client,
    connection: { connect, charset: 'utf8mb4', collate, isMigrating: true } as object,
    compileSqlOnError: false,
    log: { warn: () => {} },
    pool: { min: 1, max: 1 },
  });
}

async function isCurrent(knex: Knex): Promise<boolean> {
  return (await knex.schema.hasTable(migrationTable)) && (await listPending(knex)).length === 0;
}

/** Waits for the lock of this database. The server frees it when the connection ends, however that happens. */
async function acquireLock(knex: Knex): Promise<void> {
  for (;;) {
    // Locks belong to the whole server, and their names have at most 64 characters.
    const attempt = knex.raw('GET_LOCK(MD5(CONCAT("heliograph ", DATABASE())), ?) AS acquired', [lockWaitS]);
    const rows = (await knex.select(attempt)) as { acquired: unknown }[];
    if (Number(rows[0]?.acquired) === 1) return;
  }
}

/** Repeated statements pass over tables that exist, which must not be those of another program. */
async function refuseOtherTables(knex: Knex, database: string): Promise<void> {
  if (await knex.schema.hasTable(migrationTable)) return;
  const [table] = (await knex('information_schema.tables')
    .select({ name: 'table_name' })
    .where({ table_schema: knex.raw('DATABASE()') })
    .limit(1)) as { name: string }[];
  if (table === undefined) return;
  throw new StartError(
    `The database ${database} has tables of another program, such as ${table.name}. Create a database for Heliograph alone.`,
  );
}
