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
/** Without its primary for this time, a set elects another one. */
const electionMs = 2_000;
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
  /** Whether it gets a set of its own. */
  readonly isInitiated?: boolean;
  /** The processor core that it may use; all of them by default. */
  readonly core?: number;
  /** Further options of mongod. */
  readonly args?: readonly string[];
}

export async function startMongod(options: MongodOptions = {}): Promise<MongodServer> {
  const { isReplicaSet = true, isInitiated = true, core, args = [] } = options;
  const { program: path } = mongoRequirement;
  if (path === null) throw new Error('mongod is missing');
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(temporaryFolder());
  const port = Number(await freePort());
  const program = stack.use(
    new ServerProgram({
      program: core === undefined ? path : 'taskset',
      args: [
        ...(core === undefined ? [] : ['-c', String(core), path]),
        ...['--dbpath', folder.path, '--port', String(port), '--bind_ip', '127.0.0.1', '--quiet'],
        ...['--wiredTigerCacheSizeGB', cacheGigabytes, '--nounixsocket'],
        ...(isReplicaSet ? ['--replSet', setName] : []),
        ...args,
      ],
      isReady: () => acceptsConnections(port, { speaksFirst: false }),
    }),
  );
  await program.start();
  if (isReplicaSet && isInitiated) await initiate([port]);
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

export interface ReplicaSet extends AsyncDisposable {
  readonly members: readonly MongodServer[];
  /** The URL of a database of its own. */
  url(): string;
  /** The member that takes writes. */
  primary(): Promise<MongodServer>;
}

export async function startReplicaSet(size: number): Promise<ReplicaSet> {
  await using stack = new AsyncDisposableStack();
  const members: MongodServer[] = [];
  for (let index = 0; index < size; index += 1) members.push(stack.use(await startMongod({ isInitiated: false })));
  await initiate(members.map(({ port }) => port));
  const hosts = members.map(({ port }) => `127.0.0.1:${port}`).join();
  const started = stack.move();
  return {
    members,
    url: () => `mongodb://${hosts}/${newDatabase()}?replicaSet=${setName}`,
    async primary() {
      for (const member of members) if (await isPrimary(member.port)) return member;
      throw new Error('the replica set has no primary');
    },
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

/** Makes a replica set of members, and waits for its primary. */
async function initiate(ports: readonly number[]): Promise<void> {
  const members = ports.map((port, index) => ({ _id: index, host: `127.0.0.1:${port}` }));
  const settings = { electionTimeoutMillis: electionMs };
  await runCommand(ports[0] as number, { replSetInitiate: { _id: setName, members, settings } });
  for (let hasPrimary = false; !hasPrimary; ) {
    hasPrimary = (await Promise.all(ports.map(isPrimary))).includes(true);
  }
}

async function isPrimary(port: number): Promise<boolean> {
  return (await runCommand(port, { hello: 1 })).isWritablePrimary === true;
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
