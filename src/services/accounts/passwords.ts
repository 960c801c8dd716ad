/** Passwords as argon2id hashes in PHC string format, with the parameters of OWASP's password storage cheat sheet. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { createHashQueue } from './hash-queue.ts';

const argon2Async = promisify(argon2);
/** Each hash takes 19 MiB and tens of milliseconds of a thread. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const hashBytes = 32;
const phcPattern = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([^$]+)\$([^$]+)$/;

type Cost = typeof cost;

export type Passwords = ReturnType<typeof createPasswords>;

/** @param onRefused - called with the name of the limit for each refused call */
export function createPasswords(onRefused?: (limit: string) => void) {
  const queue = createHashQueue(onRefused);

  function derive(password: string, nonce: Buffer, parameters: Cost, network: string): Promise<Buffer> {
    return queue.run(network, () =>
      argon2Async('argon2id', { message: password.normalize('NFC'), nonce, tagLength: hashBytes, ...parameters }),
    );
  }

  /**
   * @param network - of the client, for its share of the queue
   * @throws DomainError `OVERLOADED`
   */
  async function hash(password: string, network: string): Promise<string> {
    const nonce = randomBytes(16);
    const tag = await derive(password, nonce, cost, network);
    return `$argon2id$v=19$${parametersOf(cost)}$${base64(nonce)}$${base64(tag)}`;
  }

  const decoy = hash('decoy', 'this server');

  return {
    hash,

    /**
     * Whether a password matches a hash. Without a hash it takes the same time and returns false.
     *
     * @param network - of the client, for its share of the queue
     * @throws DomainError `OVERLOADED`
     */
    async verify(password: string, phc: string | null, network: string): Promise<boolean> {
      const [, memory, passes, parallelism, nonce, expected] = phcPattern.exec(phc ?? (await decoy)) ?? [];
      if (nonce === undefined || expected === undefined) return false;
      const parameters = { memory: Number(memory), passes: Number(passes), parallelism: Number(parallelism) };
      const tag = await derive(password, Buffer.from(nonce, 'base64'), parameters, network);
      return timingSafeEqual(tag, Buffer.from(expected, 'base64')) && phc !== null;
    },

    /** Number of hashes that wait to be made. */
    get waiting(): number {
      return queue.waiting;
    },

    /** Whether a hash was made with other parameters than those of today. */
    isOutdated: (phc: string) => !phc.startsWith(`$argon2id$v=19$${parametersOf(cost)}$`),
  };
}

function parametersOf({ memory, passes, parallelism }: Cost): string {
  return `m=${memory},t=${passes},p=${parallelism}`;
}

function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
