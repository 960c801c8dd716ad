/**
 * The connection to MongoDB, and the checks of a start.
 *
 * A server that cannot be reached is waited for, with growing pauses. A problem that only the operator can solve ends the start.
 */
import { type Connection, Mongoose, type mongo } from 'mongoose';
import { inTime } from '../../domain/deadline.ts';
import { StartError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import { problemOfServer, problemOfStart } from './mongo-start-problems.ts';

/** Used if the URL names no database. */
const databaseDefault = 'heliograph';
const poolMax = 20;
/** How often each server is asked for its state. */
const heartbeatMs = 2_000;
const attemptMaxMs = 5_000;
const pauseMinMs = 100;
const pauseMaxMs = 5_000;

export interface MongoConnectionOptions {
  readonly url: string;
  /** Every call answers within this time. */
  readonly timeoutMs: Millis;
  readonly onError: (error: unknown, what: string) => void;
  /** Called after each attempt in vain. If it rejects, the start fails. */
  readonly onWaiting: (error: unknown) => Promise<void>;
}

/**
 * Connects to a replica set or sharded cluster. While it cannot be reached, the promise is pending.
 *
 * @param open - makes the store of a connection, and checks its requirements
 * @throws StartError: the operator must change something
 */
export async function connectMongo<Store>(
  options: MongoConnectionOptions,
  open: (connection: Connection) => Promise<Store>,
): Promise<Store> {
  for (let pauseMs = pauseMinMs; ; pauseMs = Math.min(pauseMaxMs, pauseMs * 2)) {
    let connection: Connection | null = null;
    try {
      connection = createConnection(options);
      await connection.asPromise();
      await checkServer(connection);
      return await open(connection);
    } catch (error) {
      if (connection !== null) await closeConnection(connection, options);
      if (error instanceof StartError) throw error;
      const problem = problemOfStart(error, options.url);
      if (problem !== null) throw new StartError(problem, { cause: error });
      await options.onWaiting(error);
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

/** Ends a connection, even if its server does not answer. */
export async function closeConnection(
  connection: Connection,
  { timeoutMs, onError }: Pick<MongoConnectionOptions, 'timeoutMs' | 'onError'>,
): Promise<void> {
  const late = () => new Error('MongoDB connection did not close in time');
  await inTime(connection.destroy(), timeoutMs, late).catch((error: unknown) => onError(error, 'message store'));
}

function createConnection({ url, timeoutMs, onError }: MongoConnectionOptions): Connection {
  const connection = new Mongoose().createConnection(url, {
    ...(namesDatabase(url) ? {} : { dbName: databaseDefault }),
    // Mongoose would keep commands in memory while no server answers.
    bufferCommands: false,
    autoCreate: false,
    autoIndex: false,
    // Otherwise 64-bit integers become floats.
    useBigInt64: true,
    // The guarantees of the ports need these, whatever the URL says.
    readPreference: 'primary',
    readConcernLevel: 'majority',
    w: 'majority',
    journal: true,
    wtimeoutMS: timeoutMs,
    retryWrites: true,
    retryReads: true,
    maxPoolSize: poolMax,
    heartbeatFrequencyMS: heartbeatMs,
    connectTimeoutMS: Math.min(timeoutMs, attemptMaxMs),
    serverSelectionTimeoutMS: Math.min(timeoutMs, attemptMaxMs),
    socketTimeoutMS: timeoutMs,
    waitQueueTimeoutMS: timeoutMs,
  });
  // Every failed call gets its error itself.
  connection.on('error', (error) => onError(error, 'message store'));
  return connection;
}

async function checkServer(connection: Connection): Promise<void> {
  const hello = (await connection.getClient().db('admin').command({ hello: 1 })) as mongo.Document;
  const problem = problemOfServer(hello);
  if (problem !== null) throw new StartError(problem);
}

/** Whether the path of the URL names a database. */
function namesDatabase(url: string): boolean {
  return /^[^:]+:\/\/[^/?]+\/[^?]/.test(url);
}
