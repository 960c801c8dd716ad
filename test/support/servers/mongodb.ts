/** A MongoDB server on loopback, in a temporary folder: a replica set of one member, unless a test wants it otherwise. */
import { randomUUID } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { mongo } from 'mongoose';
import { temporaryFolder } from '../folders.ts';
import { freePort } from '../free-port.ts';
import { requireServer } from './requirement.ts';
import { acceptsConnections, ServerProgram } from './server-program.ts';

const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
const setName = 'rs0';
/** Half of the memory is MongoDB's default. */
const cacheGigabytes = '0.5';

/** Whether tests can use MongoDB here. */
export const mongoRequirement = requireServer({
  name: 'MongoDB',
  program: 'mongod',
  folders: [join(cache, 'heliograph/mongodb-6.0.5')],
  install: 'test/support/servers/install-mongod.sh',
  urlVariable: 'TEST_MONGO_URL',
});

export interface MongodServer extends AsyncDisposable {
  readonly port: number;
  readonly program: ServerProgram;
  /** The URL of a database; of one of its own unless it is named. */
  url(database?: string): string;
  /** Runs a command on the database `admin`. */
  command(command: mongo.Document): Promise<mongo.Document>;
}

export interface MongodOptions {
  /** Whether it is a member of a replica set. */
  readonly isReplicaSet?: boolean;
  /** Further options of mongod. */
  readonly args?: readonly string[];
}

export async function startMongod({ isReplicaSet = true, args = [] }: MongodOptions = {}): Promise<MongodServer> {
  const { program: path } = mongoRequirement;
  if (path === null) throw new Error('mongod is missing');
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const port = Number(await freePort());
  const program = stack.use(
    new ServerProgram({
      program: path,
      args: [
        ...['--dbpath', folder.path, '--port', String(port), '--bind_ip', '127.0.0.1', '--quiet'],
        ...['--wiredTigerCacheSizeGB', cacheGigabytes, '--nounixsocket'],
        ...(isReplicaSet ? ['--replSet', setName] : []),
        ...args,
      ],
      isReady: () => acceptsConnections(port, { speaksFirst: false }),
    }),
  );
  await program.start();
  if (isReplicaSet) await initiate(port);
  const started = stack.move();
  return {
    port,
    program,
    url: (database = newDatabase()) => `mongodb://127.0.0.1:${port}/${database}`,
    command: (command) => runCommand(port, command),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** The name of a database that no other test uses. */
export function newDatabase(): string {
  return `heliograph-test-${randomUUID().slice(0, 8)}`;
}

async function initiate(port: number): Promise<void> {
  await runCommand(port, {
    replSetInitiate: { _id: setName, members: [{ _id: 0, host: `127.0.0.1:${port}` }] },
  });
  for (let isWritable = false; !isWritable; ) {
    isWritable = (await runCommand(port, { hello: 1 })).isWritablePrimary === true;
  }
}

async function runCommand(port: number, command: mongo.Document): Promise<mongo.Document> {
  const options = { directConnection: true, serverSelectionTimeoutMS: 10_000 };
  const client = await mongo.MongoClient.connect(`mongodb://127.0.0.1:${port}/`, options);
  try {
    return await client.db('admin').command(command);
  } finally {
    await client.close();
  }
}
