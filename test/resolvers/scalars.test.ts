import fc from 'fast-check';
import { GraphQLError, type GraphQLScalarType, parseValue } from 'graphql';
import { describe, expect, it } from 'vitest';
import { DateTime, JSONObject, Seq } from '../../src/resolvers/scalars.ts';

/** The value of a literal in a document. */
function literal<In>(scalar: GraphQLScalarType<In, unknown>, source: string, variables: Record<string, unknown> = {}) {
  return scalar.parseLiteral(parseValue(source), variables);
}

function refusal(run: () => unknown): GraphQLError {
  try {
    run();
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
  throw new Error('It was accepted.');
}

function expectRefused(run: () => unknown): void {
  expect(refusal(run).extensions).toEqual({ code: 'BAD_USER_INPUT', retryable: false });
}

describe('DateTime', () => {
  const earliest = Date.parse('0000-01-01T00:00:00.000Z');
  const latest = Date.parse('9999-12-31T23:59:59.999Z');

  it('is returned exactly as it was sent, to the millisecond', () => {
    fc.assert(
      fc.property(fc.integer({ min: earliest, max: latest }), (at) => {
        const text = DateTime.serialize(at);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
        expect(DateTime.parseValue(text)).toBe(at);
        expect(literal(DateTime, `"${text}"`)).toBe(at);
      }),
    );
  });

  it('takes any offset for the same instant', () => {
    const minutes = fc.integer({ min: -(23 * 60 + 59), max: 23 * 60 + 59 });
    const instant = fc.integer({ min: earliest + 86_400_000, max: latest - 86_400_000 });
    fc.assert(
      fc.property(instant, minutes, (at, offset) => {
        const local = new Date(at + offset * 60_000).toISOString().slice(0, -1);
        const [hours, rest] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60];
        const suffix = `${offset < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
        expect(DateTime.parseValue(local + suffix)).toBe(at);
      }),
    );
  });

  it.each([
    ['no fraction', '2026-03-01T12:00:00Z', '2026-03-01T12:00:00.000Z'],
    ['lower case', '2026-03-01t12:00:00.5z', '2026-03-01T12:00:00.500Z'],
    ['nanoseconds, cut to milliseconds', '2026-03-01T12:00:00.123999999Z', '2026-03-01T12:00:00.123Z'],
    ['the 29th of February of a leap year', '2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['the 29th of February of the year 0', '0000-02-29T00:00:00Z', '0000-02-29T00:00:00.000Z'],
  ])('takes %s', (_name, input, output) => {
    expect(DateTime.serialize(DateTime.parseValue(input))).toBe(output);
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T12:60:00Z',
    '2026-03-01T12:00:61Z',
    '2026-03-01T12:00:00+24:00',
    '2026-03-01T12:00:00+01:60',
    '2026-03-01T12:00:00',
    '2026-03-01',
    '2026-03-01 12:00:00Z',
    '20260301T120000Z',
    ' 2026-03-01T12:00:00Z',
    '',
  ])('refuses %j', (input) => {
    expectRefused(() => DateTime.parseValue(input));
    expectRefused(() => literal(DateTime, JSON.stringify(input)));
  });

  // Months are compared as text of four-digit years, so a year past them would sort before all others.
  it.each(['9999-12-31T23:59:59-01:00', '0000-01-01T00:00:00+01:00'])(
    'refuses %s, which has no four-digit year in UTC',
    (input) => {
      expectRefused(() => DateTime.parseValue(input));
    },
  );

  it.each([0, 1_772_366_400_000, null, true, {}, []])('refuses %j, which is not a text', (input) => {
    expectRefused(() => DateTime.parseValue(input));
  });

  it('refuses a number in a document', () => {
    expectRefused(() => literal(DateTime, '1772366400000'));
  });
});

describe('Seq', () => {
  const anySeq = fc.bigInt({ min: 0n, max: 2n ** 80n });

  it('is exact at any size, both ways', () => {
    fc.assert(
      fc.property(anySeq, (seq) => {
        const text = Seq.serialize(seq);
        expect(text).toBe(seq.toString());
        expect(Seq.parseValue(text)).toBe(seq);
        expect(literal(Seq, text)).toBe(seq);
        expect(literal(Seq, `"${text}"`)).toBe(seq);
      }),
      { examples: [[0n], [2n ** 53n - 1n], [2n ** 53n], [2n ** 53n + 1n], [2n ** 63n - 1n], [2n ** 63n], [2n ** 64n]] },
    );
  });

  it('takes safe whole numbers', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (count) => {
        expect(Seq.parseValue(count)).toBe(BigInt(count));
      }),
    );
  });

  it('refuses any number that may have lost digits on its way', () => {
    for (const value of [2 ** 53, 2 ** 63, 1e300, Number.POSITIVE_INFINITY]) expectRefused(() => Seq.parseValue(value));
  });

  it.each([-1, 0.5, Number.NaN, '', ' 1', '1 ', '01', '00', '+1', '-1', '1.0', '1e3', '0x10', '1n', '١', '1\n', null])(
    'refuses %j',
    (input) => {
      expectRefused(() => Seq.parseValue(input));
    },
  );

  it.each([true, {}, [], ['1']])('refuses %j, which is neither text nor number', (input) => {
    expectRefused(() => Seq.parseValue(input));
  });

  it.each(['-1', '1.0', '1e3', 'null', 'true', 'FIRST', '["1"]', '{ seq: 1 }', '"01"'])(
    'refuses the literal %s',
    (source) => {
      expectRefused(() => literal(Seq, source));
    },
  );

  it('refuses text of unreasonable length instead of computing with it', () => {
    expectRefused(() => Seq.parseValue('9'.repeat(10_000)));
  });

  it('never answers a number that is not a bigint inside: it may have been rounded', () => {
    expect(() => Seq.serialize(7)).toThrow(TypeError);
  });
});

describe('JSONObject', () => {
  const json = fc.dictionary(fc.string({ maxLength: 10 }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
  const within4KiB = json.filter((value) => Buffer.byteLength(JSON.stringify(value)) <= 4096);

  it('is returned equal', () => {
    fc.assert(
      fc.property(within4KiB, (value) => {
        const wire = JSON.stringify(value);
        const back = JSON.stringify(JSONObject.serialize(JSONObject.parseValue(JSON.parse(wire))));
        expect(JSON.parse(back)).toEqual(JSON.parse(wire));
      }),
    );
  });

  it('says the same as a literal', () => {
    const key = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/);
    const { node } = fc.letrec<{ node: unknown; object: Record<string, unknown> }>((tie) => ({
      node: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constant(null),
        fc.boolean(),
        fc.maxSafeInteger(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.string({ maxLength: 8 }),
        fc.array(tie('node'), { maxLength: 3 }),
        tie('object'),
      ),
      object: fc.dictionary(key, tie('node'), { maxKeys: 3 }),
    }));
    fc.assert(
      fc.property(fc.dictionary(key, node, { maxKeys: 3 }), (value) => {
        fc.pre(Buffer.byteLength(JSON.stringify(value)) <= 4096);
        expect(JSON.parse(JSON.stringify(literal(JSONObject, asLiteral(value))))).toEqual(
          JSON.parse(JSON.stringify(value)),
        );
      }),
    );
  });

  it('takes variables anywhere inside a literal', () => {
    const value = literal(JSONObject, '{ a: $a, b: [$b, { c: $a }], d: $missing }', { a: 'x', b: { deep: [1] } });
    expect(value).toEqual({ a: 'x', b: [{ deep: [1] }, { c: 'x' }], d: null });
  });

  it('takes a variable that was left out for null, also under a name every object has', () => {
    const value = literal(JSONObject, '{ a: $toString, b: $constructor, c: $hasOwnProperty }');
    expect(value).toEqual({ a: null, b: null, c: null });
  });

  it.each([
    '{"__proto__":{"isAdmin":true}}',
    '{"a":{"__proto__":[1]}}',
    '{"constructor":{"prototype":{"isAdmin":true}}}',
  ])('keeps %s as plain data', (wire) => {
    for (const value of [JSONObject.parseValue(JSON.parse(wire)), literal(JSONObject, asLiteral(JSON.parse(wire)))]) {
      expect(JSON.stringify(value)).toBe(wire);
      expect(value).not.toHaveProperty('isAdmin');
      expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    }
    expect({}).not.toHaveProperty('isAdmin');
  });

  it('has at most 4 KiB, counted in bytes of UTF-8 and stated in the error', () => {
    const overhead = Buffer.byteLength('{"a":""}');
    const fits = { a: 'é'.repeat((4096 - overhead) / 2) };
    expect(JSONObject.parseValue(fits)).toEqual(fits);
    const tooLong = { a: `${fits.a}x` };
    expect(refusal(() => JSONObject.parseValue(tooLong)).message).toContain('4097');
    expectRefused(() => literal(JSONObject, asLiteral(tooLong)));
  });

  it.each([null, [], [{}], 'text', 1, true])('refuses %j, which is not an object', (input) => {
    expectRefused(() => JSONObject.parseValue(input));
    expectRefused(() => literal(JSONObject, asLiteral(input)));
  });

  it('refuses an enum value in a literal', () => {
    expectRefused(() => literal(JSONObject, '{ a: RED }'));
  });

  // JSON has no infinity: it would be stored as null, and the returned object would not be equal.
  it('refuses a number too large to be kept', () => {
    expectRefused(() => literal(JSONObject, '{ a: 1e999 }'));
    expectRefused(() => literal(JSONObject, '{ a: [{ b: -1e999 }] }'));
    expectRefused(() => JSONObject.parseValue(JSON.parse('{"a":[1e999]}')));
  });

  it('explains the problem with a variable of a scalar that is not JSON inside', () => {
    expect(refusal(() => literal(JSONObject, '{ a: $seq }', { seq: 5n })).message).not.toContain('deeply');
  });

  it('refuses an object that is nested too deeply to be written', () => {
    let value: Record<string, unknown> = {};
    for (let depth = 0; depth < 100_000; depth += 1) value = { a: value };
    expectRefused(() => JSONObject.parseValue(value));
  });
});

/** JSON as a GraphQL literal: the same but for the quotes around keys. */
function asLiteral(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(asLiteral).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${key}: ${asLiteral(inner)}`)
    .join(', ')} }`;
}
