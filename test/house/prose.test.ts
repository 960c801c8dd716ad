/**
 * Text for outside readers is plain English: nouns instead of clauses ("an invalid handshake", not "what is no handshake"), "is not
 * a" instead of "is no", and notify or report instead of tell. Well-liked projects have at most 0.8 such places per 1,000 words.
 */
import { globSync, readFileSync } from 'node:fs';
import { parse, visit } from 'graphql';
import { describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;
const perThousandWordsMax = 1;

const oddPatterns = [
  // A clause in place of a noun: "what waits", "whoever starts it", "for who has left", "those whom".
  /\b(?:what(?:ever)?(?! happens?\b| to\b)|whoever|whom)\b/gi,
  /(?:^|[.;:(]\s+|\b(?:for|of|to|by|from|with|not|that|when|while)\s+)who\s+(?:is|are|was|were|has|have|had|may|can|left|leaves|comes?|came|gets?|got|asks?|sees?|reads?|sends?)\b/gim,
  /\b(?<!\bthere\s)(?:is|are|was|were|be)\s+no\s+(?!longer\b|more\b)/gi,
  /\btold\b|\btells?\b/gi,
];

interface Text {
  readonly name: string;
  /** Prose at its own lines; everything else is blank. */
  readonly prose: string;
}

interface Finding {
  readonly name: string;
  readonly line: number;
  readonly text: string;
}

const blank = (text: string) => text.replaceAll(/[^\n]/g, ' ');
const wordCount = (text: string) => text.match(/[\p{L}\p{N}][\p{L}\p{N}'’-]*/gu)?.length ?? 0;

/** A page without its code, and without quoted text, which may be an example of poor wording. */
function proseOfMarkdown(text: string): string {
  return text.replaceAll(/^```[\s\S]*?^```|`[^`\n]*`|"[^"\n]*"/gm, blank);
}

/** The descriptions of a schema file. */
function proseOfSchema(sdl: string): string {
  const lines = sdl.split('\n').map(() => '');
  visit(parse(sdl), {
    StringValue({ value, loc }, key) {
      if (key !== 'description' || loc === undefined) return;
      for (const [index, line] of value.split('\n').entries()) {
        const at =
          loc.startToken.line - 1 + index + (loc.startToken.kind === 'BlockString' && value.includes('\n') ? 1 : 0);
        lines[at] = `${lines[at] ?? ''} ${line.replaceAll(/`[^`\n]*`/g, '')}`;
      }
    },
  });
  return lines.join('\n');
}

/** The comments of a program. Strings are matched first, so that an address in one does not begin a comment. */
function proseOfProgram(source: string): string {
  const tokens = /'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  let prose = '';
  let end = 0;
  for (const { 0: token, index } of source.matchAll(tokens)) {
    if (!token.startsWith('/')) continue;
    const comment = token.replaceAll(/`[^`\n]*`|"[^"\n]*"|\{[^}\n]*\}/g, blank).replaceAll(/^\s*\*|[/*]/gm, blank);
    prose += blank(source.slice(end, index)) + comment;
    end = index + token.length;
  }
  return prose + blank(source.slice(end));
}

function oddPlaces({ name, prose }: Text): Finding[] {
  const lines = prose.split('\n');
  return oddPatterns.flatMap((pattern) =>
    [...prose.matchAll(pattern)].map(({ 0: found, index }) => {
      const line = prose.slice(0, index + found.trimEnd().length).split('\n').length;
      return { name, line, text: (lines[line - 1] ?? '').trim() };
    }),
  );
}

function measure(texts: readonly Text[]): { words: number; places: string[] } {
  return {
    words: texts.reduce((sum, { prose }) => sum + wordCount(prose), 0),
    places: texts.flatMap(oddPlaces).map(({ name, line, text }) => `${name}:${line}: ${text}`),
  };
}

function textsOf(patterns: string[], proseOf: (text: string) => string): Text[] {
  return globSync(patterns, { cwd: root })
    .filter((name) => !name.includes('generated') && !name.includes('graphiql/static'))
    .sort()
    .map((name) => ({ name, prose: proseOf(readFileSync(`${root}${name}`, 'utf8')) }));
}

const schema = textsOf(['schema/*.graphql'], proseOfSchema);
const comments = textsOf(['src/**/*.ts'], proseOfProgram);
const pages = textsOf(['*.md', 'docs/**/*.md', 'bench/**/*.md', '.github/**/*.md'], proseOfMarkdown);

describe('plain English', () => {
  it.each([
    ['the schema and the documents', [...schema, ...pages]],
    ['the comments in src', comments],
  ])('is the language of %s', (_name, texts) => {
    const { words, places } = measure(texts);
    expect(words).toBeGreaterThan(5_000);
    const allowed = Math.floor((words * perThousandWordsMax) / 1_000);
    expect(places.length > allowed ? places : []).toEqual([]);
  });

  it.each([
    ['400 for what is no handshake', 2],
    ['not for who has left', 1],
    ['Who left in between is told.', 2],
    ['Whom.', 1],
    ['The sender\nis told READ', 1],
    ['Whatever is no\nmessage', 2],
    ['Users who left, or who can no longer see the group', 0],
    ['There is no admin, and it is not a group', 0],
  ])('finds the odd places in "%s"', (prose, count) => {
    expect(oddPlaces({ name: 'a', prose })).toHaveLength(count);
  });

  it('reads descriptions, pages and comments at their own lines, without code and quoted text', () => {
    const sdl = '"Whom."\ntype A {\n  """\n  Fine.\n  For whom.\n  """\n  a("Told." b: String = "whom"): Int\n}';
    const page = 'Fine.\n```\nwhom\n```\n`whom`, "whom"\nwhom';
    const program = "const a = 'https://a'; // whom\n/**\n * `whom`\n * whom\n */\nconst whom = `//whom`;";
    const linesOf = (prose: string) => oddPlaces({ name: 'a', prose }).map(({ line }) => line);
    expect(linesOf(proseOfSchema(sdl))).toEqual([1, 5, 7]);
    expect(linesOf(proseOfMarkdown(page))).toEqual([6]);
    expect(linesOf(proseOfProgram(program))).toEqual([1, 4]);
  });
});
