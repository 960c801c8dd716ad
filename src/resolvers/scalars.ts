/** The scalars of the schema: their types inside the server, and their form on the wire. */
import { GraphQLError, GraphQLScalarType, Kind, type ValueNode } from 'graphql';

const dateTimePattern = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;
const earliest = Date.parse('0000-01-01T00:00:00.000Z');
const latest = Date.parse('9999-12-31T23:59:59.999Z');

/** Epoch milliseconds inside, RFC 3339 in UTC outside. */
export const DateTime = new GraphQLScalarType<number, string>({
  name: 'DateTime',
  serialize: (value) => new Date(value as number).toISOString(),
  parseValue: parseDateTime,
  parseLiteral: (node) => inPlace(node, () => parseDateTime(node.kind === Kind.STRING ? node.value : null)),
});

function parseDateTime(value: unknown): number {
  const parts = typeof value === 'string' ? dateTimePattern.exec(value) : null;
  if (parts === null) throw bad('DateTime must be RFC 3339 text such as "2026-03-01T12:00:00.000Z".');
  const [text, year, month, day, hour, minute, second] = parts;
  const isWhole = Number(hour) <= 23 && Number(minute) <= 59 && Number(second) <= 59;
  const dayOfMonth = new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDate();
  const at = Date.parse((text as string).toUpperCase());
  // Date.parse reads a 30th of February as the 2nd of March.
  if (Number.isNaN(at) || !isWhole || dayOfMonth !== Number(day)) throw bad(`DateTime does not exist: ${text}`);
  // With its offset, the instant may be outside the years of RFC 3339, and months are compared as text with four-digit years.
  if (at < earliest || at > latest) throw bad(`DateTime in UTC is outside the years 0000 to 9999: ${text}`);
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
  parseLiteral: (node) => inPlace(node, () => parseSeq(numberText(node))),
});

function parseSeq(value: unknown): bigint {
  if (typeof value !== 'string' || !seqPattern.test(value)) {
    throw bad('Seq must be a whole number, 0 or more, as a decimal string without leading zeros.');
  }
  return BigInt(value);
}

/** A value that is already in wire format passes unchanged. */
function serializeSeq(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new TypeError('Seq must be a bigint inside the server.');
}

const bigIntPattern = /^(?:0|-?[1-9]\d{0,29})$/;

/** `bigint` inside, decimal text outside. */
export const BigInteger = new GraphQLScalarType<bigint, string>({
  name: 'BigInt',
  serialize: (value) => (value as bigint).toString(),
  parseValue(value) {
    if (typeof value === 'bigint') return value;
    if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
    return parseBigInt(value);
  },
  parseLiteral: (node) => inPlace(node, () => parseBigInt(numberText(node))),
});

function parseBigInt(value: unknown): bigint {
  if (typeof value !== 'string' || !bigIntPattern.test(value)) {
    throw bad('BigInt must be a whole number as a decimal string without leading zeros.');
  }
  return BigInt(value);
}

const jsonObjectMaxBytes = 4_096;
/** Levels of objects and arrays, the outermost included. Parsers of other languages give up between 64 and 1,000. */
const jsonObjectMaxDepth = 32;

/** A plain object inside and outside. */
export const JSONObject = new GraphQLScalarType<Record<string, unknown>, Record<string, unknown>>({
  name: 'JSONObject',
  serialize: (value) => value as Record<string, unknown>,
  parseValue: parseJsonObject,
  parseLiteral: (node, variables) => inPlace(node, () => parseJsonObject(literalValue(node, variables ?? {}))),
});

function parseJsonObject(value: unknown): Record<string, unknown> {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw bad('JSONObject must be a JSON object.');
  // Checked first, because JSON.stringify overflows the stack on deeper values.
  checkDepth(value, jsonObjectMaxDepth);
  const bytes = Buffer.byteLength(JSON.stringify(value, refuseWhatIsNoJson));
  if (bytes > jsonObjectMaxBytes)
    throw bad(`JSONObject has ${bytes} bytes as JSON; the maximum is ${jsonObjectMaxBytes}.`);
  return value as Record<string, unknown>;
}

function checkDepth(value: unknown, levels: number): void {
  if (value === null || typeof value !== 'object') return;
  if (levels === 0) throw bad(`JSONObject is nested too deeply; the maximum is ${jsonObjectMaxDepth} levels.`);
  for (const inner of Object.values(value)) checkDepth(inner, levels - 1);
}

/** JSON.stringify would write an infinity as null, and the returned object would not be equal. */
function refuseWhatIsNoJson(_key: string, value: unknown): unknown {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw bad('JSONObject contains a number that is too large.');
  if (typeof value === 'bigint') throw bad('JSONObject contains a variable whose type is not JSON, such as Seq.');
  return value;
}

function literalValue(node: ValueNode, variables: Readonly<Record<string, unknown>>): unknown {
  switch (node.kind) {
    case Kind.OBJECT:
      // fromEntries defines keys instead of assigning them, so a key named __proto__ stays plain data.
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
      // Coerced variables are a plain object, in which a name such as `toString` would find an inherited property.
      return Object.hasOwn(variables, node.name.value) ? (variables[node.name.value] ?? null) : null;
    case Kind.NULL:
      return null;
    case Kind.ENUM:
      throw bad(`${node.value} is not a JSON value.`);
  }
}

function numberText(node: ValueNode): string | null {
  return node.kind === Kind.STRING || node.kind === Kind.INT ? node.value : null;
}

/** Parses a literal. An error about it tells its place in the document, by which the client learns the field. */
function inPlace<T>(node: ValueNode, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    throw new GraphQLError(error.message, { nodes: node, extensions: error.extensions });
  }
}

function bad(message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_USER_INPUT', retryable: false } });
}
