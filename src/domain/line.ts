/** Rules for texts on one line, such as names and titles: the allowed characters, and the length. */
import { badInput } from './errors.ts';

/** Control characters, the other characters that end a line, and the characters that change the direction of the text after them. */
const excludedPattern = /[\p{Cc}\u2028\u2029\p{Bidi_Control}]/u;
/**
 * A visible character is any character other than spaces, formatting characters, characters that Unicode lets a font
 * ignore, combining marks, and the blanks among the symbols. Unassigned characters count as visible, because newer
 * versions of Unicode assign them.
 */
const visiblePattern =
  /[^\p{White_Space}\p{Cc}\p{Cf}\p{M}\p{Default_Ignorable_Code_Point}\u2800\u{13441}\u{13442}\u{1d159}]/u;

/** Whether a text has at least one visible character. */
export function isVisible(text: string): boolean {
  return visiblePattern.test(text);
}

/** The length as a reader counts it, except that a combined character counts each of its parts: 🌻 is one, not two. */
export function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

/**
 * A text on one line, without the space around it.
 *
 * @param max - in code points
 * @throws DomainError `BAD_USER_INPUT`, naming the field
 */
export function checkLine(field: string, text: string, max: number): string {
  const line = text.trim();
  // A UTF-16 unit is at most one code point, so a text that is far too long is not counted.
  const isInBounds = line.length <= 2 * max && countCodePoints(line) <= max;
  if (!isInBounds || !line.isWellFormed() || excludedPattern.test(line) || !isVisible(line)) {
    throw badInput(
      field,
      `${field} must be one line of 1 to ${max} characters, at least one of them visible, without controls of text direction.`,
    );
  }
  return line;
}

/** Another system's text as one line: excluded characters become spaces, and the end is cut. Null if nothing visible is left. */
export function toLine(text: string, max: number): string | null {
  const line = text.toWellFormed().replaceAll(new RegExp(excludedPattern, 'gu'), ' ').trim();
  const cut = Array.from(line.slice(0, 2 * max))
    .slice(0, max)
    .join('')
    .trim();
  return isVisible(cut) ? cut : null;
}
