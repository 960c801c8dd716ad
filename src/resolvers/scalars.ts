/** The scalars of the schema: what they are inside, and what they look like on the wire. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

const dateTimePattern = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** Epoch milliseconds inside, RFC 3339 in UTC outside. */
export const DateTime = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  serialize: (value) => new Date(value as number).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => parseDateTime(node.kind === Kind.STRING ? node.value : null),
});

function parseDateTime(value: unknown): number {
  const parts = typeof value === 'string' ? dateTimePattern.exec(value) : null;
  if (parts === null) throw bad('A DateTime is RFC 3339 text such as "2026-03-01T12:00:00.000Z".');
  const [text, year, month, day, hour, minute, second] = parts;
  const isWhole = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  const dayOfMonth = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate();
  const at = Date.parse((text as string).toUpperCase());
  // Date.parse takes a 30th of February for the 2nd of March.
  if (Number.isNaN(at) || !isWhole || dayOfMonth !== Number(day)) throw bad(`There is no such instant: ${text}`);
  return at;
}

const seqPattern = /^(?:0|[1-9]\d{0,29})$/;

/** `bigint` inside, decimal text outside: exact at any size. */
export const Seq = new GraphQLScalarType<bigint, string>({
  name: 'Seq',
  serialize: (value) => (typeof value === 'bigint' ? value.toString() : serializeSeq(value)),
  parseValue(value) {
    if (typeof value === 'bigint' && value >= 0n) return value;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
    return parseSeq(value);
  },
  parseLiteral: (node) => parseSeq(node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : null),
});

function parseSeq(value: unknown): bigint {
  if (typeof value !== 'string' || !seqPattern.test(value)) {
    throw bad('A Seq is a whole number from 0 upwards, as a decimal string without leading zeros.');
  }
  return BigInt(value);
}

/** A value that was made for the wire already passes unchanged. */
function serializeSeq(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('Seq is a bigint inside the server.');
}

const jsonObjectMaxBytes = 4_096;

/** A plain object inside and outside. */
export const JSONObject = new GraphQLScalarType<Record<string, unknown>, Record<string, unknown>>({
  name: 'JSONObject',
  serialize: (value) => value as Record<string, unknown>,
  parseValue: parseJsonObject,
  parseLiteral: (node, variables) => parseJsonObject(literalValue(node, variables ?? {})),
});

function parseJsonObject(value: unknown): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad('A JSONObject is a JSON object.');
  let bytes: number;
  try {
    bytes = Buffer.byteLength(JSON.stringify(value));
  } catch {
    throw bad('A JSONObject is nested too deeply.');
  }
  if (bytes > jsonObjectMaxBytes)
    throw bad(`A JSONObject has at most ${jsonObjectMaxBytes} bytes as JSON; this one has ${bytes}.`);
  return value as Record<string, unknown>;
}

function literalValue(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  switch (node.kind) {
    case Kind.OBJECT:
      // fromEntries defines keys rather than assigning them, so a key named __proto__ stays plain data.
      return Object.fromEntries(node.fields.map(({ name, value }) => [name.value, literalValue(value, variables)]));
    case Kind.LIST:
      return node.values.map((value) => literalValue(value, variables));
    case Kind.INT:
    case Kind.FLOAT:
      return Number(node.value);
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.VARIABLE:
      return variables[node.name.value] ?? null;
    case Kind.NULL:
      return null;
    case Kind.ENUM:
      throw bad(`${node.value} is no JSON value.`);
  }
}

function bad(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', retryable: false } });
}
