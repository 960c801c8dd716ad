/**
 * Every field of the schema with arguments nobody meant: of the right shape with the strangest values, or of any shape at all.
 * No answer is a fault of the server, and both transports say the same. `FUZZ_RUNS=20000` plays more of it.
 */

import { readFileSync } from 'node:fs';
import fc, { type Arbitrary } from 'fast-check';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
} from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { errorCatalogue } from '../../src/domain/errors.ts';
import { otherDevice } from '../support/actions.ts';
import { startServer, type TestServer, type TestUser } from '../support/heliograph.ts';
import { connect, type RawSocket } from '../support/raw-socket.ts';
import { bothTransports, errorsOf, type Transport } from '../support/transports.ts';

const numRuns = Number(process.env.FUZZ_RUNS ?? 250);
const schema = buildSchema(readFileSync(new URL('../../schema/published/schema.graphql', import.meta.url), 'utf8'));

let server: TestServer;
let alice: TestUser;
let transports: [Transport, Transport];
let socket: RawSocket;
/** Ids of things that are there, filled in once they are. */
const realIds: string[] = [];
beforeAll(async () => {
  server = await startServer();
  const [first, second] = [await server.user(), await server.user()];
  alice = first;
  const message = await alice.send({ userId: second.id }, 'hello');
  const group = await alice.ask(
    'mutation ($ids: [ID!]!) { createGroup(input: { title: "g", memberIds: $ids }) { conversation { id } } }',
    {
      ids: [second.id],
    },
  );
  realIds.push(
    alice.id,
    second.id,
    message.id,
    message.conversationId,
    group.createGroup.conversation.id,
    // Not the device of this session: revoking that one ends it.
    (await otherDevice(server, alice)).session.deviceId,
  );
  transports = await bothTransports(server, alice.session.accessToken);
  socket = await connect(server, alice.session.accessToken);
});
afterAll(async () => {
  for (const transport of transports) await transport[Symbol.asyncDispose]();
  await socket.close();
  await server[Symbol.asyncDispose]();
});

const oddTexts = [
  '',
  ' ',
  '\0',
  '\ud83d',
  '0',
  '-1',
  '1',
  '01',
  '1e3',
  '9'.repeat(30),
  "'--",
  '__proto__',
  'x'.repeat(300),
];
/** Cursors of the right form that no list ever gave. */
const cursors = ['v1:c:9999999999999999999:0', 'v1:m:1:9223372036854775808', 'v1:u:0', 'v2:u:1', 'v1:m:1'].map((text) =>
  Buffer.from(text).toString('base64url'),
);
const anyText = fc.oneof(fc.constantFrom(...oddTexts, ...cursors), fc.string({ unit: 'binary', maxLength: 20 }));
const anyId = fc.oneof(
  { weight: 3, arbitrary: fc.nat(5).map((index) => realIds[index] ?? '1') },
  { weight: 1, arbitrary: anyText },
);
const leaves: Record<string, Arbitrary<unknown>> = {
  ID: anyId,
  String: anyText,
  Int: fc.constantFrom(-1, 0, 1, 2, 500, 501, 2 ** 31 - 1, -(2 ** 31)),
  Boolean: fc.boolean(),
  BigInt: fc.constantFrom('0', 5, '-5', '9'.repeat(30), '9'.repeat(31), 2 ** 53, 1.5, '0x1'),
  Seq: fc.constantFrom('0', '1', '2', 3, '99', '9'.repeat(30), '-1'),
  DateTime: fc.constantFrom(
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59Z',
    '2026-03-01T12:00:00+02:00',
    '2026-13-01T00:00:00Z',
  ),
  JSONObject: fc.dictionary(anyText, fc.jsonValue({ maxDepth: 3 }), { maxKeys: 3 }),
};

/** A value of about the right shape. */
function valueFor(type: GraphQLInputType): Arbitrary<unknown> {
  if (isNonNullType(type)) return valueFor(type.ofType);
  if (isListType(type)) return fc.array(valueFor(type.ofType), { maxLength: 4 });
  if (isEnumType(type)) return fc.constantFrom(...type.getValues().map(({ name }) => name));
  if (isLeafType(type)) return leaves[type.name] ?? anyText;
  if (!isInputObjectType(type)) throw new Error(`no values for ${type}`);
  const fields = Object.fromEntries(Object.values(type.getFields()).map((field) => [field.name, valueFor(field.type)]));
  const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
  if (type.isOneOf)
    return fc.constantFrom(...Object.keys(fields)).chain((name) => fc.record({ [name]: fields[name] ?? anyText }));
  return fc.record(fields, { requiredKeys: required.map(({ name }) => name) });
}

interface Operation {
  readonly kind: 'query' | 'mutation' | 'subscription';
  readonly query: string;
  readonly variables: object;
}

// Those would end the session that asks, or take the time a password takes.
const left = new Set(['logOut', 'register', 'logIn', 'revokeDevice', 'changePassword']);

function operationsOf(
  kind: Operation['kind'],
  { args, name, type }: GraphQLField<unknown, unknown>,
): Arbitrary<Operation> {
  const declared = args.map((arg) => `$${arg.name}: ${arg.type}`).join(' ');
  const passed = args.map((arg) => `${arg.name}: $${arg.name}`).join(' ');
  const selection = isLeafType(isNonNullType(type) ? type.ofType : type) ? '' : '{ __typename }';
  const query = `${kind} ${declared && `(${declared})`} { ${name}${passed && `(${passed})`} ${selection} }`;
  const shaped = fc.record(Object.fromEntries(args.map((arg) => [arg.name, valueFor(arg.type)])));
  const anything = fc.dictionary(fc.constantFrom('input', ...args.map((arg) => arg.name)), fc.jsonValue());
  return fc
    .oneof({ weight: 4, arbitrary: shaped }, { weight: 1, arbitrary: anything })
    .map((variables) => ({ kind, query, variables }));
}

function allOperations(): Arbitrary<Operation> {
  const roots = [
    ['query', schema.getQueryType()],
    ['mutation', schema.getMutationType()],
    ['subscription', schema.getSubscriptionType()],
  ] as const;
  const fields = roots.flatMap(([kind, root]) =>
    Object.values(root?.getFields() ?? {})
      .filter(({ name }) => !left.has(name))
      .map((field) => operationsOf(kind, field)),
  );
  return fc.oneof(...fields);
}

type Errors = readonly { message: string; extensions: Record<string, unknown> }[];

function expectCatalogued(errors: Errors): void {
  for (const { message, extensions } of errors) {
    expect(Object.keys(errorCatalogue)).toContain(extensions.code);
    expect({ code: extensions.code, message }).not.toMatchObject({ code: 'INTERNAL_SERVER_ERROR' });
  }
}

it('answers any arguments with a code of the catalogue, the same on both transports', async () => {
  await fc.assert(
    fc.asyncProperty(allOperations(), async ({ kind, query, variables }) => {
      const [http, ws] = transports;
      if (kind === 'subscription') {
        const id = crypto.randomUUID();
        socket.send({ type: 'subscribe', id, payload: { query, variables } });
        await socket.ask('{ viewer { user { id } } }');
        socket.send({ type: 'complete', id });
        return;
      }
      const overHttp = await http.ask(query, variables);
      expectCatalogued(overHttp.errors ?? []);
      const overWs = await ws.ask(query, variables);
      expectCatalogued(overWs.errors ?? []);
      // A repeated mutation may have a different result.
      if (kind === 'query') expect([overWs.data, errorsOf(overWs)]).toEqual([overHttp.data, errorsOf(overHttp)]);
    }),
    { numRuns },
  );
  await socket.ask('{ __typename }');
  for (const { type, payload } of socket.messages) {
    if (type === 'error') expectCatalogued(payload as Errors);
    if (type === 'next') expectCatalogued((payload as { errors?: Errors }).errors ?? []);
  }
}, 600_000);

it('answers any text for a document with a code of the catalogue', async () => {
  const whole =
    'query Q($id: ID = "1") { user(by: { id: $id }) { ...F } server { version } } fragment F on User { id @include(if: true) }';
  const pieces = whole.split(/\b/);
  const broken = fc
    .array(fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...pieces) }, { weight: 1, arbitrary: anyText }), {
      maxLength: 40,
    })
    .map((parts) => parts.join(' '));
  const changed = fc
    .tuple(
      fc.nat(pieces.length - 1),
      fc.nat(3),
      fc.oneof(fc.constantFrom(...pieces, '{', '}', '...', '"""', '@'), anyText),
    )
    .map(([at, count, piece]) => [...pieces.slice(0, at), piece, ...pieces.slice(at + count)].join(''));
  await fc.assert(
    fc.asyncProperty(fc.oneof(broken, changed), async (query) => {
      const [overHttp, overWs] = [await transports[0].ask(query), await transports[1].ask(query)];
      expectCatalogued(overHttp.errors ?? []);
      expect(errorsOf(overWs)).toEqual(errorsOf(overHttp));
    }),
    { numRuns },
  );
}, 600_000);
