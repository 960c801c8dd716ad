import { readFileSync } from 'node:fs';
import { buildASTSchema, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { entryKinds, kindOfCode, sealCode } from '../../src/domain/entry-kinds.ts';

const kinds = Object.entries(entryKinds);

describe('the catalogue of kinds of log entries', () => {
  it('has the kinds of the public schema', () => {
    const sdl = readFileSync(new URL('../../schema/published/schema.graphql', import.meta.url), 'utf8');
    const published = buildASTSchema(parse(sdl), { assumeValid: true }).getType('MessageKind');
    const names =
      published !== undefined && 'getValues' in published ? published.getValues().map(({ name }) => name) : [];
    expect(new Set(names)).toEqual(new Set(kinds.map(([kind]) => kind)));
  });

  it('keeps the codes that stored files have', () => {
    expect({ USER: entryKinds.USER.code, SYSTEM: entryKinds.SYSTEM.code, seal: sealCode }).toEqual({
      USER: 0,
      SYSTEM: 1,
      seal: 2,
    });
  });

  it('gives every kind a code of its own, and none the code of a seal', () => {
    const codes = [...kinds.map(([, { code }]) => code), sealCode];
    expect(new Set(codes).size).toBe(codes.length);
    for (const [kind, { code }] of kinds) expect(kindOfCode(code)).toBe(kind);
  });

  it.each([sealCode, 99, -1, Number.NaN])('takes code %s for no kind', (code) => {
    expect(() => kindOfCode(code)).toThrow(`${code} is not the code`);
  });

  it('knows the users that an entry removes', () => {
    const leaves = { text: '', systemEvent: { kind: 'MEMBER_LEFT', userIds: ['7'] } } as const;
    const joins = { text: '', systemEvent: { kind: 'MEMBERS_ADDED', userIds: ['7'] } } as const;
    expect(entryKinds.SYSTEM.removedMembers(leaves)).toEqual(['7']);
    expect(entryKinds.SYSTEM.removedMembers(joins)).toEqual([]);
    // A user's message never changes memberships, regardless of its content.
    expect(entryKinds.USER.removedMembers(leaves)).toEqual([]);
  });
});
