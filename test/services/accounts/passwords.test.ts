import { describe, expect, it } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import { createHashQueue } from '../../../src/services/accounts/hash-queue.ts';
import { createPasswords } from '../../../src/services/accounts/passwords.ts';

const network = '127.0.0.1';

describe('passwords', () => {
  it('are kept as argon2id hashes with the parameters that are asked of them, salted', async () => {
    const passwords = createPasswords();
    const [first, second] = [
      await passwords.hash('correct horse', network),
      await passwords.hash('correct horse', network),
    ];
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(second).not.toBe(first);
    expect(await passwords.verify('correct horse', first, network)).toBe(true);
    expect(await passwords.verify('correct horse ', first, network)).toBe(false);
    expect(await passwords.verify('Correct horse', first, network)).toBe(false);
    expect(await passwords.verify('', first, network)).toBe(false);
  });

  it('agree with the reference implementation, at the costs its hash names', async () => {
    // A published vector: `password` with the salt `somesalt`.
    const theirs = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc';
    const passwords = createPasswords();
    expect(await passwords.verify('password', theirs, network)).toBe(true);
    expect(await passwords.verify('passwore', theirs, network)).toBe(false);
  });

  it('are the same in either form of a character', async () => {
    const passwords = createPasswords();
    const hash = await passwords.hash('pässword', network);
    expect(await passwords.verify('pa\u0308ssword', hash, network)).toBe(true);
  });

  it('are checked against a placeholder if there is no hash, and never match it', async () => {
    const passwords = createPasswords();
    expect(await passwords.verify('decoy', null, network)).toBe(false);
    expect(await passwords.verify('decoy', 'no hash', network)).toBe(false);
  });

  it('are made again when their parameters are not those of today', async () => {
    const passwords = createPasswords();
    expect(passwords.isOutdated(await passwords.hash('correct horse', network))).toBe(false);
    expect(passwords.isOutdated('$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8')).toBe(
      true,
    );
  });
});

describe('the queue of hashes', () => {
  /** Calls that end when they are told to. */
  function setUp() {
    const refused: string[] = [];
    const queue = createHashQueue((limit) => refused.push(limit));
    const started: (() => void)[] = [];
    let ended = 0;
    const run = (from: string) =>
      queue.run(from, () => new Promise<void>((end) => started.push(end))).then(() => (ended += 1));
    return { queue, refused, run, started, endOne: () => started.shift()?.(), count: () => ended };
  }
  const turns = () => new Promise((resolve) => setImmediate(resolve));

  it('leaves half of the thread pool to other work', async () => {
    const { run, started } = setUp();
    const calls = Array.from({ length: 10 }, (_, index) => run(`network ${index}`));
    await turns();
    expect(started.length).toBeGreaterThanOrEqual(1);
    // Node has four threads. Files, DNS and signatures need some of them.
    expect(started.length).toBeLessThanOrEqual(2);
    for (const _ of calls) {
      started.shift()?.();
      await turns();
    }
    await Promise.all(calls);
  });

  it('reports how many wait, and each refusal by its limit', async () => {
    const { queue, refused, run, started } = setUp();
    const calls = Array.from({ length: 30 }, () => run('one').catch(() => {}));
    await turns();
    const ofOne = 30 - 20 - started.length;
    expect([queue.waiting, refused]).toEqual([20, Array(ofOne).fill('passwordHashesPerAddress')]);
    calls.push(...Array.from({ length: 200 }, (_, index) => run(`network ${index}`).catch(() => {})));
    await turns();
    expect([queue.waiting, refused.slice(ofOne)]).toEqual([200, Array(20).fill('passwordHashes')]);
    for (const _ of calls) {
      started.shift()?.();
      await turns();
    }
    await Promise.all(calls);
    expect(queue.waiting).toBe(0);
  });

  it('gives each network a share, and loses nobody who waits', async () => {
    const { run, endOne, count } = setUp();
    const flood = Array.from({ length: 100 }, () => run('flood').catch((error: unknown) => error));
    const others = Array.from({ length: 50 }, (_, index) => run(`other ${index}`));
    for (let round = 0; round < 200; round += 1) {
      endOne();
      await turns();
    }
    await Promise.all(others);
    const refused = (await Promise.all(flood)).filter((answer) => answer instanceof DomainError);
    for (const error of refused) expect(error).toMatchObject({ code: 'OVERLOADED', retryable: true });
    expect(100 - refused.length).toBeGreaterThanOrEqual(20);
    expect(100 - refused.length).toBeLessThanOrEqual(22);
    expect(count()).toBe(150 - refused.length);
  });

  it('refuses everybody when too many wait', async () => {
    const { run, endOne } = setUp();
    const calls = Array.from({ length: 230 }, (_, index) => run(`network ${index}`).catch((error: unknown) => error));
    for (let round = 0; round < 230; round += 1) {
      endOne();
      await turns();
    }
    const refused = (await Promise.all(calls)).filter((answer) => answer instanceof DomainError);
    expect(refused.length).toBeGreaterThanOrEqual(28);
    expect(refused.length).toBeLessThan(30);
  });
});
