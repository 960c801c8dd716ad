/**
 * Words of names, for a search that finds a user by the beginning of any word, in any script.
 *
 * A word is a run of letters, marks and digits. Scripts without spaces are divided by the rules of Unicode too, so that 太郎 finds
 * 山田太郎. Case, width, accents and the optional vowel signs of Arabic and Hebrew make no difference.
 */

/** A name has at most this many words in the index. */
const wordsMax = 20;
/** Longer words are cut, and found by their beginning all the same. */
export const wordMax = 64;

/** Without a locale: the words of a name must not depend on the server. */
const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
const separators = /[^\p{L}\p{M}\p{N}]+/u;
/** The marks that accents decompose into, and the signs of Hebrew and Arabic that are mostly left out. The marks of other scripts stay. */
const marks = /[\u0300-\u036f\u0591-\u05bd\u05bf-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670]/g;
/** Letters with strokes do not decompose, and a sigma has another form at the end of a word. */
const plainLetters: Readonly<Record<string, string>> = {
  ł: 'l',
  ø: 'o',
  đ: 'd',
  ħ: 'h',
  ŧ: 't',
  æ: 'ae',
  œ: 'oe',
  ς: 'σ',
};

/** The words of the names that belong to one user, each once. */
export function wordsOf(names: readonly string[]): string[] {
  const found = new Set<string>();
  for (const name of names) {
    const folded = fold(name);
    for (const run of folded.split(separators)) {
      add(found, run);
      for (const { segment, isWordLike } of segmenter.segment(run)) if (isWordLike) add(found, segment);
    }
  }
  return [...found].slice(0, wordsMax);
}

/** The words that a search asks for, each the beginning of a word. */
export function searchWordsOf(search: string): string[] {
  const runs = fold(search).split(separators);
  return [...new Set(runs.map(cut))].filter((run) => run !== '');
}

function fold(text: string): string {
  const plain = text.normalize('NFKD').replaceAll(marks, '').normalize('NFKC');
  // By way of upper case, where ß is SS and the Turkish ı is I; the capital ẞ is so only as a small one.
  return plain
    .toLowerCase()
    .toUpperCase()
    .toLowerCase()
    .replaceAll(/[łøđħŧæœς]/g, (letter) => plainLetters[letter] ?? letter);
}

function add(words: Set<string>, word: string): void {
  if (word !== '') words.add(cut(word));
}

function cut(word: string): string {
  return Array.from(word).slice(0, wordMax).join('');
}
