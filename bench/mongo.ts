/**
 * Sends with messages in MongoDB, whose server has a core of its own, beside the same rows written to it bare: messages with two inbox
 * rows each, in batches of 100, two at a time.
 */
import { randomBytes } from 'node:crypto';
import { mongo } from 'mongoose';
import { startMongod } from '../test/support/servers/mongodb.ts';
import { closedLoop, openPairs, type SendFigures } from './sends.ts';
import { startBenchServer } from './support/server-process.ts';

const batchRows = 100;
const batchesAtOnce = 2;

export interface MongoFigures {
  readonly sends: SendFigures;
  readonly bare: { readonly perSecond: number; readonly batchMs: number; readonly cpuMicrosPerMessage: number };
  /** Sends of the server as a part of the bare writes. */
  readonly ratio: number;
}

/** @param cores - of the server, and of mongod */
export async function measureMongo(cores: { server: number; mongod: number }): Promise<MongoFigures> {
  await using mongod = await startMongod({ core: cores.mongod });
  const bare = await writeBare(mongod.url(), 10);
  await using server = await startBenchServer({ core: cores.server, env: { MONGO_URL: mongod.url() } });
  const pairs = await openPairs(server, 200);
  await closedLoop(server, pairs, 5);
  const sends = await closedLoop(server, pairs, 10);
  for (const { sender, receiver } of pairs) {
    sender.close();
    receiver.close();
  }
  return { sends, bare, ratio: sends.perSecond / bare.perSecond };
}

/** The rows of messages between two users, with the indexes that uniqueness needs. */
async function writeBare(url: string, seconds: number): Promise<MongoFigures['bare']> {
  const client = await mongo.MongoClient.connect(url, { writeConcern: { w: 'majority', journal: true } });
  const [messages, inbox] = [client.db().collection('message'), client.db().collection('inbox')];
  await messages.createIndex({ conversationId: 1, seq: 1 }, { unique: true });
  await messages.createIndex({ conversationId: 1, key: 1 }, { unique: true });
  await inbox.createIndex({ userId: 1, seq: 1 }, { unique: true });
  await inbox.createIndex({ userId: 1, conversationId: 1, fromSeq: 1 }, { unique: true });
  let last = 0;
  let written = 0;
  const batches: number[] = [];
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  const write = async () => {
    while (performance.now() < startedAt + seconds * 1000) {
      const at = performance.now();
      last += 1;
      const seq = last;
      const rows = Array.from({ length: batchRows }, (_, index) => ({ conversationId: index, seq }));
      const body = randomBytes(40).toString('base64');
      await messages.insertMany(
        rows.map((row) => ({ ...row, key: `${row.conversationId}:${seq}`, body, sentAt: new Date() })),
        { ordered: false },
      );
      const runs = rows.flatMap(({ conversationId }) =>
        [0, 1].map((member) => ({
          userId: conversationId * 2 + member,
          seq,
          conversationId,
          fromSeq: seq,
          toSeq: seq,
        })),
      );
      await inbox.insertMany(runs, { ordered: false });
      written += batchRows;
      batches.push(performance.now() - at);
    }
  };
  await Promise.all(Array.from({ length: batchesAtOnce }, write));
  const took = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  await client.db().dropDatabase();
  await client.close();
  batches.sort((a, b) => a - b);
  return {
    perSecond: written / took,
    batchMs: batches[batches.length >> 1] ?? 0,
    cpuMicrosPerMessage: (user + system) / written,
  };
}
