/** The greeting of a MongoDB server that is older than the ones that Heliograph works with, on loopback. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { mongo } from 'mongoose';

const opReply = 1;
const opQuery = 2004;
const opMessage = 2013;
const headerBytes = 16;

export interface OldMongod extends AsyncDisposable {
  readonly port: number;
}

/** @param maxWireVersion - 13 for MongoDB 5.0 */
export async function startOldMongod(maxWireVersion: number): Promise<OldMongod> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    let received: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      while (received.length >= headerBytes && received.length >= received.readInt32LE(0)) {
        const length = received.readInt32LE(0);
        socket.write(answerTo(received.subarray(0, length), maxWireVersion));
        received = received.subarray(length);
      }
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Every request is a `hello` to it. */
function answerTo(request: Buffer, maxWireVersion: number): Buffer {
  const hello = {
    ok: 1,
    isWritablePrimary: true,
    ismaster: true,
    // A router of a sharded cluster has no list of members, in which the port would have to be.
    msg: 'isdbgrid',
    minWireVersion: 0,
    maxWireVersion,
    maxBsonObjectSize: 16_777_216,
    maxMessageSizeBytes: 48_000_000,
    maxWriteBatchSize: 100_000,
    localTime: new Date(),
    logicalSessionTimeoutMinutes: 30,
  };
  const body = Buffer.from(mongo.BSON.serialize(hello));
  const isQuery = request.readInt32LE(12) === opQuery;
  // A reply has its flags, a cursor, a start and a number of documents; a message has its flags and a section of kind 0.
  const head = Buffer.alloc(isQuery ? 20 : 5);
  if (isQuery) head.writeInt32LE(1, 16);
  const header = Buffer.alloc(headerBytes);
  header.writeInt32LE(headerBytes + head.length + body.length, 0);
  header.writeInt32LE(request.readInt32LE(4), 8);
  header.writeInt32LE(isQuery ? opReply : opMessage, 12);
  return Buffer.concat([header, head, body]);
}
