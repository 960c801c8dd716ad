import { describe, expect, it } from 'vitest';
import { createPasswords } from '../../../src/services/accounts/passwords.ts';

describe('passwords', () => {
  it('are kept as argon2id hashes with the parameters that are asked of them, salted', async () => {
    const passwords = createPasswords();
    const [first, second] = [await passwords.hash('correct horse'), await passwords.hash('correct horse')];
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(second).not.toBe(first);
    expect(await passwords.verify('correct horse', first)).toBe(true);
    expect(await passwords.verify('correct horse ', first)).toBe(false);
    expect(await passwords.verify('Correct horse', first)).toBe(false);
    expect(await passwords.verify('', first)).toBe(false);
  });

  it('agree with the reference implementation, at the costs its hash names', async () => {
    // A published vector: `password` with the salt `somesalt`.
    const theirs = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    const passwords = createPasswords();
    expect(await passwords.verify('password', theirs)).toBe(true);
    expect(await passwords.verify('passwore', theirs)).toBe(false);
  });

  it('are the same in either form of a character', async () => {
    const passwords = createPasswords();
    const hash = await passwords.hash('pässword');
    expect(await passwords.verify('pa\u0308ssword', hash)).toBe(true);
  });

  it('are checked against a placeholder if there is no hash, and never match it', async () => {
    const passwords = createPasswords();
    expect(await passwords.verify('decoy', null)).toBe(false);
    expect(await passwords.verify('decoy', 'no hash')).toBe(false);
  });

  it('are refused when too many wait already, and none that waits is lost', async () => {
    const passwords = createPasswords();
    const results = await Promise.allSettled(Array.from({ length: 230 }, () => passwords.verify('x', null)));
    const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    expect(refused.length).toBeGreaterThan(0);
    expect(results.length - refused.length).toBeGreaterThanOrEqual(200);
    for (const reason of refused) expect(reason).toMatchObject({ code: 'OVERLOADED', retryable: true });
    expect(await passwords.verify('x', null)).toBe(false);
  });
});
