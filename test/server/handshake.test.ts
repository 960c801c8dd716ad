/** Input below the protocol: invalid handshakes, and frames that violate RFC 6455. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { closeCodes } from '../../src/domain/errors.ts';
import { eventually, startServer, type TestServer } from '../support/heliograph.ts';
import { exchangeBytes, openBytes, readAnswer } from '../support/raw-http.ts';
import { connect, type RawSocket } from '../support/raw-socket.ts';

let server: TestServer;
let bystander: RawSocket;
beforeAll(async () => {
  server = await startServer();
  bystander = await connect(server);
});
afterAll(async () => {
  await bystander.close();
  await server[Symbol.asyncDispose]();
});

async function expectService() {
  expect(await bystander.ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
}

const key = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==';
const version = 'Sec-WebSocket-Version: 13';
const upgrade = 'Host: a\r\nConnection: Upgrade\r\nUpgrade: websocket';
const handshake = (line: string, ...headers: string[]) =>
  `${line} HTTP/1.1\r\n${[upgrade, ...headers].join('\r\n')}\r\n\r\n`;

describe('a handshake', () => {
  it.each([
    ['without a key', 400, 'BAD_REQUEST', handshake('GET /graphql', version)],
    ['with a key that is none', 400, 'BAD_REQUEST', handshake('GET /graphql', version, 'Sec-WebSocket-Key: x')],
    ['of another version', 400, 'BAD_REQUEST', handshake('GET /graphql', key, 'Sec-WebSocket-Version: 7')],
    [
      'with broken subprotocols',
      400,
      'BAD_REQUEST',
      handshake('GET /graphql', key, version, 'Sec-WebSocket-Protocol: ,,'),
    ],
    ['by POST', 400, 'BAD_REQUEST', handshake('POST /graphql', key, version)],
    ['somewhere else', 404, 'NOT_FOUND', handshake('GET /chat', key, version)],
    ['of a page elsewhere', 403, 'FORBIDDEN', handshake('GET /graphql', key, version, 'Origin: https://evil.example')],
  ])('%s is answered %i %s in JSON', async (_name, status, code, bytes) => {
    const answer = readAnswer(await exchangeBytes(server.url, bytes));
    expect(answer).toEqual({ status, contentType: 'application/json', code });
    await expectService();
  });

  it.each([[undefined], ['graphql-ws']])('with the subprotocol %s is closed with 4406', async (protocol) => {
    const headers = protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`];
    const socket = openBytes(server.url);
    socket.write(handshake('GET /graphql', key, version, ...headers));
    let frame = '';
    for await (const part of socket) {
      frame += part.toString('latin1');
      frame = frame.includes('\r\n\r\n') ? frame.slice(frame.indexOf('\r\n\r\n') + 4) : frame;
      if (!frame.startsWith('HTTP') && frame.length >= 4) break;
    }
    // A close frame: 0x88, its length, its code.
    expect(frame.charCodeAt(0)).toBe(0x88);
    expect(frame.charCodeAt(2) * 256 + frame.charCodeAt(3)).toBe(closeCodes.subprotocol.code);
    await expectService();
  });

  it('picks its subprotocol out of several', async () => {
    const ws = new WebSocket(server.wsUrl, ['graphql-ws', 'graphql-transport-ws']);
    await once(ws, 'open');
    expect(ws.protocol).toBe('graphql-transport-ws');
    ws.terminate();
    await once(ws, 'close');
  });

  it('left unfinished does not affect other clients, even in large numbers', async () => {
    const half = handshake('GET /graphql', key, version).slice(0, -4);
    const openings: Socket[] = Array.from({ length: 200 }, () => openBytes(server.url));
    await Promise.all(openings.map((socket) => once(socket, 'connect')));
    for (const socket of openings) socket.write(half);
    await expectService();
    expect(await server.post('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
    for (const socket of openings) socket.destroy();
    await eventually(() => server.heliograph.server.socketCount === 1);
  });
});

/** A frame of RFC 6455 section 5.2, masked with zeros as a client's must be. */
function frame(firstByte: number, payload: Buffer, isMasked = true): Buffer {
  const mask = isMasked ? 0x80 : 0;
  const length =
    payload.length < 126 ? [mask | payload.length] : [mask | 126, payload.length >> 8, payload.length & 255];
  return Buffer.concat([Buffer.from([firstByte, ...length, ...(isMasked ? [0, 0, 0, 0] : [])]), payload]);
}

const streamOf = (socket: RawSocket) => (socket.ws as unknown as { _socket: Socket })._socket;
const ping = Buffer.from('{"type":"ping"}');

describe('frames that break the rules close their own socket', () => {
  it.each<[what: string, closeName: keyof typeof closeCodes, bytes: Buffer]>([
    ['text that is not UTF-8', 'notText', frame(0x81, Buffer.from([0x22, 0xff, 0xfe, 0x22]))],
    ['half a surrogate as bytes', 'notText', frame(0x81, Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))],
    ['no mask', 'protocolError', frame(0x81, ping, false)],
    ['reserved bits', 'protocolError', frame(0xf1, ping)],
    ['an unknown opcode', 'protocolError', frame(0x83, ping)],
    ['a continuation of nothing', 'protocolError', frame(0x80, ping)],
    ['a long control frame', 'protocolError', frame(0x89, Buffer.alloc(200))],
    ['noise', 'protocolError', Buffer.from('GET /graphql HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a length of 4 GiB', 'messageTooBig', Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0])],
    [
      'a message of countless fragments',
      'policyViolation',
      Buffer.concat([frame(0x01, Buffer.from(' ')), ...Array(140_000).fill(frame(0x00, Buffer.from(' ')))]),
    ],
  ])('%s: %s', async (_what, closeName, bytes) => {
    const socket = await connect(server);
    streamOf(socket).write(bytes);
    expect(await socket.closed).toBe(closeCodes[closeName].code);
    await expectService();
  });

  it('but a message in a few fragments is one message', async () => {
    const socket = await connect(server);
    streamOf(socket).write(
      Buffer.concat([frame(0x01, ping.subarray(0, 5)), frame(0x00, Buffer.alloc(0)), frame(0x80, ping.subarray(5))]),
    );
    expect(await socket.until(({ type }) => type === 'pong')).toEqual({ type: 'pong' });
    await socket.close();
  });
});
