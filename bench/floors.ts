/**
 * The cost of each part alone, on the same core: a WebSocket echo, a batch insert into indexed tables, graphql-js alone. Each part runs
 * in a process that is pinned like the server.
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { execute, parse, validate } from 'graphql';
import { WebSocket, WebSocketServer } from 'ws';
import { createSchema } from '../src/resolvers/schema.ts';
import { inParallel } from './support/raw-client.ts';
import { residentBytes } from './support/server-process.ts';

const idleSockets = 10_000;

export interface Floors {
  readonly webSocketEchoPerSecond: number;
  readonly sqliteRowsPerSecond: number;
  /** Microseconds for each message of a journal's commit, by `synchronous` and by messages in one commit. */
  readonly commitMicros: Readonly<Record<'FULL' | 'NORMAL', Readonly<Record<'1' | '50' | '200', number>>>>;
  /** Memory of an idle connection of the same server, without any protocol on it. */
  readonly webSocketIdleKib: number;
  readonly graphqlExecuteMicros: number;
  readonly graphqlValidateMicros: number;
  /** Node alone, doing nothing. */
  readonly nodeStartMs: number;
}

/** Runs this file in a process of its own on one core. */
export function measureFloors(core: number): Promise<Floors> {
  return new Promise((resolve, reject) => {
    const file = new URL(import.meta.url).pathname;
    const child = spawn(
      'taskset',
      ['-c', String(core), process.execPath, '--disable-warning=ExperimentalWarning', file],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    let output = '';
    let isStarted = false;
    child.stdout.on('data', (chunk) => {
      output += chunk;
      const port = /port (\d+)/.exec(output)?.[1];
      if (port === undefined || isStarted) return;
      isStarted = true;
      measureWebSockets(`ws://127.0.0.1:${port}`, child.pid as number).then((ofWebSockets) => {
        const ofProcess = JSON.parse(/^\{.*\}$/m.exec(output)?.[0] ?? '{}');
        child.kill('SIGTERM');
        resolve({ ...ofWebSockets, ...ofProcess, nodeStartMs: nodeStartMs(core) });
      }, reject);
    });
    child.once('error', reject);
  });
}

async function measureWebSockets(url: string, pid: number) {
  // First, while the process is as small as it ever is.
  const before = residentBytes(pid);
  const sockets = await inParallel(Array.from({ length: idleSockets }), 16, () => openSocket(url));
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const webSocketIdleKib = (residentBytes(pid) - before) / idleSockets / 1024;
  for (const ws of sockets) ws.terminate();
  const webSocketEchoPerSecond = await echoPerSecond(url);
  return { webSocketEchoPerSecond, webSocketIdleKib };
}

function openSocket(url: string): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, { perMessageDeflate: false });
    ws.once('open', () => resolve(ws));
    ws.once('error', reject);
  });
}

function nodeStartMs(core: number): number {
  const times = Array.from({ length: 5 }, () => {
    const startedAt = performance.now();
    execFileSync('taskset', ['-c', String(core), process.execPath, '-e', '0']);
    return performance.now() - startedAt;
  });
  return times.sort((a, b) => a - b)[2] as number;
}

/** 200 sockets with one message in flight each, for three seconds. */
async function echoPerSecond(url: string): Promise<number> {
  let count = 0;
  const sockets = await Promise.all(Array.from({ length: 200 }, () => openSocket(url)));
  for (const ws of sockets) {
    ws.on('message', () => {
      count += 1;
      ws.send(message);
    });
  }
  for (const ws of sockets) ws.send(message);
  const startedAt = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const perSecond = (count / (performance.now() - startedAt)) * 1000;
  for (const ws of sockets) ws.terminate();
  return perSecond;
}

const message = JSON.stringify({
  id: 'q1',
  type: 'next',
  payload: { data: { sendMessage: { id: '383577987043254272' } } },
});

function sqliteRowsPerSecond(): number {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-floor-'));
  const database = new DatabaseSync(join(folder, 'floor.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
    CREATE TABLE m (id INTEGER PRIMARY KEY, c INTEGER, s INTEGER, u INTEGER, k TEXT, body TEXT, UNIQUE (c, s), UNIQUE (u, k));
    CREATE TABLE i (u INTEGER, s INTEGER, c INTEGER, f INTEGER, PRIMARY KEY (u, s), UNIQUE (u, c, f)) WITHOUT ROWID`);
  const insertMessage = database.prepare('INSERT INTO m VALUES (?, ?, ?, ?, ?, ?)');
  const insertRun = database.prepare('INSERT INTO i VALUES (?, ?, ?, ?)');
  const batches = 50;
  const perBatch = 200;
  const startedAt = performance.now();
  let id = 0;
  for (let batch = 0; batch < batches; batch += 1) {
    database.exec('BEGIN');
    for (let index = 0; index < perBatch; index += 1) {
      id += 1;
      insertMessage.run(
        id,
        index,
        batch,
        index,
        `key-${id}`,
        '{"text":"The quick brown fox jumps over the lazy dog."}',
      );
      insertRun.run(index, batch, index, batch);
      insertRun.run(index + perBatch, batch, index, batch);
    }
    database.exec('COMMIT');
  }
  const seconds = (performance.now() - startedAt) / 1000;
  database.close();
  rmSync(folder, { recursive: true, force: true });
  return (batches * perBatch) / seconds;
}

/** One row of JSON per commit, as the message store's journal has it. */
function commitMicros(synchronous: 'FULL' | 'NORMAL'): Record<'1' | '50' | '200', number> {
  const folder = mkdtempSync(join(tmpdir(), 'heliograph-floor-'));
  const database = new DatabaseSync(join(folder, 'journal.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = 4000;
    CREATE TABLE journal (id INTEGER PRIMARY KEY, entry TEXT NOT NULL)`);
  const insert = database.prepare('INSERT INTO journal (entry) VALUES (?)');
  // A message and its two inbox runs take some 400 bytes there.
  const time = (messages: number) => {
    const commits = 500;
    const entry = JSON.stringify('x'.repeat(400 * messages));
    const startedAt = performance.now();
    for (let commit = 0; commit < commits; commit += 1) insert.run(entry);
    return ((performance.now() - startedAt) / commits / messages) * 1000;
  };
  const figures = { 1: time(1), 50: time(50), 200: time(200) };
  database.close();
  rmSync(folder, { recursive: true, force: true });
  return figures;
}

async function graphqlMicros(): Promise<{ executing: number; validating: number }> {
  const schema = createSchema({});
  const query =
    'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { sentMessage { id seq status sentAt } } }';
  const document = parse(query);
  const variableValues = { input: { to: { conversationId: '1' }, text: 'x', clientMessageId: 'y' } };
  const rootValue = {
    sendMessage: async () => ({
      sentMessage: { id: '1', seq: '1', status: 'SENT', sentAt: '2026-01-01T00:00:00.000Z' },
    }),
  };
  const time = async (count: number, call: () => unknown) => {
    for (let index = 0; index < count / 4; index += 1) await call();
    const startedAt = performance.now();
    for (let index = 0; index < count; index += 1) await call();
    return ((performance.now() - startedAt) / count) * 1000;
  };
  return {
    executing: await time(20_000, () => execute({ schema, document, variableValues, rootValue })),
    validating: await time(2_000, () => validate(schema, parse(query))),
  };
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { executing, validating } = await graphqlMicros();
  console.log(
    JSON.stringify({
      sqliteRowsPerSecond: sqliteRowsPerSecond(),
      commitMicros: { FULL: commitMicros('FULL'), NORMAL: commitMicros('NORMAL') },
      graphqlExecuteMicros: executing,
      graphqlValidateMicros: validating,
    }),
  );
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  server.on('connection', (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })));
  server.on('listening', () => console.log(`port ${(server.address() as { port: number }).port}`));
}
