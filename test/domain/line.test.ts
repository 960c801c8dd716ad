import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkLine, countCodePoints, isVisible, toLine } from '../../src/domain/line.ts';

const accepted: [string, string][] = [
  ['a combined emoji', '👩‍👩‍👧‍👦'],
  ['a flag', '🏴󠁧󠁢󠁥󠁮󠁧󠁿'],
  ['a language that joins by formatting characters', 'می‌خواهم'],
  ['a language written from right to left', 'שלום עולם'],
  ['a base letter with a mark', 'e\u0301'],
  ['a character of the private use area', '\uf8ff'],
];

/** One text for each way of being invisible. */
const invisible: [string, string][] = [
  ['nothing', ''],
  ['spaces', ' \u00a0\u3000'],
  ['a space without width', '\u200b'],
  ['joiners', '\u200d\u2060\ufeff'],
  ['the blank of Braille', '\u2800'],
  ['the fillers of Hangul', '\u3164\uffa0\u115f'],
  ['a soft hyphen', '\u00ad'],
  ['a variation selector', '\ufe0f\u{e0100}'],
  ['a mark without a letter', '\u0301'],
  ['tags', '\u{e0041}'],
  ['the empty note head', '\u{1d159}'],
];

const excluded: [string, string][] = [
  ['a line feed', 'two\nlines'],
  ['a next line', 'two\u0085lines'],
  ['a line separator', 'two\u2028lines'],
  ['a paragraph separator', 'two\u2029lines'],
  ['a bell', 'bell\u0007'],
  ['an override', 'gpj.\u202Eexe'],
  ['an isolate', '\u2066abc\u2069'],
  ['a mark of direction', 'abc\u200f'],
  ['half a character', 'a\ud83d'],
];

describe('a text on one line', () => {
  it.each([...accepted, ['a plain name', 'Ada Lovelace']] as [string, string][])('may be %s', (_what, text) => {
    expect(checkLine('title', text, 100)).toBe(text);
    expect(toLine(text, 100)).toBe(text);
  });

  it.each([...invisible, ...excluded])('must not be or contain %s', (_what, text) => {
    const details = { field: 'title' };
    expect(() => checkLine('title', text, 100)).toThrow(expect.objectContaining({ code: 'BAD_USER_INPUT', details }));
  });

  it('loses the space around it, and is counted in code points', () => {
    expect(checkLine('title', `\t ${'🌻'.repeat(64)} \n`, 64)).toBe('🌻'.repeat(64));
    expect(() => checkLine('title', '🌻'.repeat(65), 64)).toThrow('title');
    expect(() => checkLine('title', 'x'.repeat(65), 64)).toThrow('title');
    expect(countCodePoints('a🌻e\u0301')).toBe(4);
  });
});

describe('a text of another system', () => {
  it('is changed to meet the rules, or becomes null', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), fc.integer({ min: 1, max: 100 }), (text, max) => {
        const line = toLine(text, max);
        if (line !== null) expect(checkLine('name', line, max)).toBe(line);
      }),
    );
  });

  it.each(invisible)('is given up when it is %s', (_what, text) => {
    expect(toLine(text, 64)).toBeNull();
  });

  it('keeps the rest where something is excluded, and its beginning where it is too long', () => {
    expect(toLine('two\u2028lines\u202e', 64)).toBe('two lines');
    expect(toLine('🌻'.repeat(70), 64)).toBe('🌻'.repeat(64));
  });
});

it('a text is visible with one visible character among others', () => {
  for (const [, text] of invisible) expect([isVisible(text), isVisible(`${text}x${text}`)]).toEqual([false, true]);
  for (const [, text] of accepted) expect(isVisible(text)).toBe(true);
});
