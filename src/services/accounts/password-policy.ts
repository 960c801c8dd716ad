/**
 * The passwords that a user may choose. There is no rule about kinds of characters (NIST SP 800-63B); a password is refused if a
 * guesser would try it early: it is among the commonest ones, repeats one character, or is little more than a name.
 */
import { badInput, type DomainError } from '../../domain/errors.ts';
import { countCodePoints } from '../../domain/line.ts';

const lengthMin = 8;
/** Longer ones are refused, not cut. */
export const passwordMax = 256;
const productName = 'heliograph';
/** A password needs this besides names: this many letters, or `lengthMin` characters of any kind. */
const ownLettersMin = 4;

export type PasswordPolicy = ReturnType<typeof createPasswordPolicy>;

export function createPasswordPolicy() {
  /** Loaded when the first password is chosen: it takes some 100 ms and 2 MB. */
  let common: Promise<ReadonlySet<string>> | null = null;

  return {
    /**
     * @param names - of the user, as far as they are known
     * @throws DomainError `BAD_USER_INPUT`, naming the field
     */
    async check(field: string, password: string, names: readonly string[]): Promise<void> {
      const length = password.length > 2 * passwordMax ? password.length : countCodePoints(password);
      if (length < lengthMin || length > passwordMax || !password.isWellFormed())
        throw bad(field, `must have ${lengthMin} to ${passwordMax} characters.`);
      common ??= loadCommon();
      const folded = fold(password);
      if ((await common).has(folded)) throw bad(field, 'is one of the most common passwords; choose another one.');
      if (/^(.)\1*$/su.test(folded)) throw bad(field, 'repeats one character; choose another one.');
      if (!hasOwnPart(folded, [...names, productName].map(fold)))
        throw bad(field, "consists of the user's or the server's name; choose another one.");
    },
  };
}

async function loadCommon(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common'].filter((word) => word.length >= lengthMin));
}

/** Whether enough is left of a password without the names in it. */
function hasOwnPart(password: string, names: readonly string[]): boolean {
  const longestFirst = names.filter((name) => name !== '').sort((a, b) => b.length - a.length);
  const own = longestFirst.reduce((rest, name) => rest.replaceAll(name, ''), password);
  if (own === password || countCodePoints(own) >= lengthMin) return true;
  return (own.match(/\p{L}/gu) ?? []).length >= ownLettersMin;
}

function fold(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

function bad(field: string, problem: string): DomainError {
  return badInput(field, `${field} ${problem}`);
}
