import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBody, encodeBody, type MessageBody } from '../../src/domain/message.ts';

const data = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { noNullPrototype: true });
const bodies: fc.Arbitrary<MessageBody> = fc.record(
  { text: fc.string({ unit: 'binary' }), data, replyToId: fc.constantFrom('1', '22') },
  { requiredKeys: ['text'], noNullPrototype: true },
);

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

describe('message bodies', () => {
  it('are returned unchanged', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        expect(decodeBody(encodeBody(body))).toEqual(JSON.parse(JSON.stringify(body)));
      }),
    );
  });

  it('have one text regardless of the order of the keys in data', () => {
    fc.assert(
      fc.property(bodies, (body) => {
        if (body.data === undefined) return;
        const other = { ...body, data: reversed(body.data) as Record<string, unknown> };
        expect(encodeBody(other)).toBe(encodeBody(body));
      }),
    );
  });

  it('keep a lone surrogate and a NUL as escapes that any store keeps', () => {
    const text = 'a\u0000b\ud800c';
    const encoded = encodeBody({ text });
    expect(encoded.isWellFormed()).toBe(true);
    expect(encoded).not.toContain('\u0000');
    expect(decodeBody(encoded).text).toBe(text);
  });

  it('keep a key named __proto__ as plain data', () => {
    const hostile = JSON.parse('{"__proto__":{"isAdmin":true}}');
    const decoded = decodeBody(encodeBody({ text: 't', data: hostile }));
    expect(Object.hasOwn(decoded.data ?? {}, '__proto__')).toBe(true);
    expect((decoded.data as { isAdmin?: boolean }).isAdmin).toBeUndefined();
  });

  it('keep the order of lists', () => {
    expect(encodeBody({ text: 't', data: { list: [2, 1] } })).not.toBe(
      encodeBody({ text: 't', data: { list: [1, 2] } }),
    );
  });
});
