/** Passwords as argon2id hashes in PHC string format, with the parameters of OWASP's password storage cheat sheet. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { DomainError } from '../../domain/errors.ts';

const argon2Async = promisify(argon2);
const memoryKib = 19_456;
const passes = 2;
const parallelism = 1;
const hashBytes = 32;
/** Each hash takes 19 MiB and tens of milliseconds of a thread. Too many at once would starve all other work. */
const atOnceMax = 4;
const waitingMax = 200;

export type Passwords = ReturnType<typeof createPasswords>;

export function createPasswords() {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function inTurn<T>(call: () => Promise<T>): Promise<T> {
    if (running >= atOnceMax) {
      if (waiting.length >= waitingMax) throw new DomainError('OVERLOADED', 'Too many concurrent sign-ins.');
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await call();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  function derive(
    password: string,
    nonce: Buffer,
    cost: { memory: number; passes: number; parallelism: number },
  ): Promise<Buffer> {
    return inTurn(() =>
      argon2Async('argon2id', { message: password.normalize('NFC'), nonce, tagLength: hashBytes, ...cost }),
    );
  }

  async function hash(password: string): Promise<string> {
    const nonce = randomBytes(16);
    const tag = await derive(password, nonce, { memory: memoryKib, passes, parallelism });
    return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${parallelism}$${base64(nonce)}$${base64(tag)}`;
  }

  const decoy = hash('decoy');

  return {
    hash,

    /** Whether a password matches a hash. Without a hash it takes the same time and returns false. */
    async verify(password: string, phc: string | null): Promise<boolean> {
      const parsed = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/.exec(phc ?? (await decoy));
      if (parsed === null) return false;
      const [, memory, time, lanes, nonce, expected] = parsed as unknown as [
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      const cost = { memory: Number(memory), passes: Number(time), parallelism: Number(lanes) };
      const tag = await derive(password, Buffer.from(nonce, 'base64'), cost);
      return timingSafeEqual(tag, Buffer.from(expected, 'base64')) && phc !== null;
    },
  };
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
