import { describe, expect, it } from 'vitest';
import { searchWordsOf, wordsOf } from '../../src/domain/name-words.ts';

/** Whether a search finds a user with these names. */
function finds(search: string, ...names: string[]): boolean {
  const words = wordsOf(names);
  const wanted = searchWordsOf(search);
  return wanted.length > 0 && wanted.every((prefix) => words.some((word) => word.startsWith(prefix)));
}

describe('a search finds', () => {
  it.each([
    ['ann', 'anna.m', 'Anna Maria Müller'],
    ['MAR', 'anna.m', 'Anna Maria Müller'],
    ['muller', 'anna.m', 'Anna Maria Müller'],
    ['Müll ann', 'anna.m', 'Anna Maria Müller'],
    ['m', 'anna.m', 'Anna'],
    ['太郎', 'taro', '山田太郎'],
    ['山田', 'taro', '山田太郎'],
    ['山田太', 'taro', '山田太郎'],
    ['ЛЕВ', 'tolstoy', 'Лев Толстой'],
    ['محم', 'mh', 'محمد علي'],
    ['สมชาย', 's', 'สมชาย ใจดี'],
    ['प्रि', 'priya', 'प्रिया शर्मा'],
    ['straße', 'x', 'Straße 5'],
    ['strasse', 'x', 'Straße 5'],
    ['STRAẞ', 'x', 'Straße 5'],
    ['isik', 'x', 'Işık'],
    ['IŞIK', 'x', 'Işık'],
    ['lukasz', 'x', 'Łukasz'],
    ['soren', 'x', 'Søren'],
    ['ΑΝΑΣ', 'x', 'Αναστασία'],
    ['ανας', 'x', 'Αναστασία'],
    ['Ορφέας', 'x', 'ΟΡΦΕΑΣ'],
    ['محمد', 'x', 'مُحَمَّد العلي'],
    ['احمد', 'x', 'أحمد'],
    ['דוד', 'x', 'דָּוִד כהן'],
    ['小明', 'x', '王小明'],
    ['ใจดี', 'x', 'สมชายใจดี'],
    ['김철', 'x', '김철수'],
    ['শ', 'x', 'জয়া শর্মা'],
    ['ａｎｎ', 'anna', 'Anna'],
    ['42', 'agent_42', 'Agent'],
  ])('%s: %s, %s', (search, username, displayName) => {
    expect(finds(search, username, displayName)).toBe(true);
  });

  it.each([
    ['nna', 'anna', 'Anna'],
    ['ann x', 'anna', 'Anna'],
    ['', 'anna', 'Anna'],
    ['🌻', 'anna', 'Anna 🌻'],
    ['%', 'anna', 'Anna'],
  ])('not with %j: %s, %s', (search, username, displayName) => {
    expect(finds(search, username, displayName)).toBe(false);
  });
});

it('has few words for any names, none of them long', () => {
  const words = wordsOf(['a'.repeat(300), Array.from({ length: 100 }, (_, index) => `w${index}`).join(' ')]);
  expect(words.length).toBe(20);
  expect(Math.max(...words.map((word) => word.length))).toBe(64);
  expect(wordsOf(['---', '🌻'])).toEqual([]);
});
