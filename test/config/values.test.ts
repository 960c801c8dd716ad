import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { flag } from '../../src/config/values.ts';

describe('a flag', () => {
  it.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])('reads %s as %s', (text, value) => {
    expect(v.parse(flag(), text)).toBe(value);
  });

  it.each(['2', 'yes', 'tru', '-1'])('refuses %s', (text) => {
    expect(v.safeParse(flag(), text).issues?.map(({ message }) => message)).toEqual([`must be true or false: ${text}`]);
  });
});
