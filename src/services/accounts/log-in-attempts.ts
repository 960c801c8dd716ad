/**
 * Attempts to log in. Wrong passwords make the next attempts wait; right ones do not.
 *
 * Failures count
 * - by name and network together. One guesser soon waits a quarter of an hour for each guess, and their waits do not concern the
 *   owner of the name on another network;
 * - by name alone, with a higher allowance and shorter waits, against guessers on many networks. These waits do not
 *   concern networks on which the owner logged in before;
 * - by device, if the attempt names a device of the account. Only its owner knows its id, so neither of the other two counts.
 *
 * An attempt is counted before its password is checked, and uncounted if it is right or could not be checked.
 */
import { LRUCache } from 'lru-cache';
import { DomainError } from '../../domain/errors.ts';
import type { DeviceId, Millis } from '../../domain/ids.ts';
import type { AttemptCounter, WaitRule } from '../../stores/attempt-counter.ts';

const second = 1_000;
const day = 86_400 * second;
export const logInRule: WaitRule = {
  name: 'logIn',
  free: 5,
  firstWaitMs: second,
  waitMaxMs: 900 * second,
  forgetAfterMs: day,
};
export const logInNameRule: WaitRule = {
  name: 'logInName',
  free: 100,
  firstWaitMs: second,
  waitMaxMs: 60 * second,
  forgetAfterMs: day,
};
/** Networks on which a name has logged in, on this instance. */
const knownNetworksMax = 20_000;

export interface AttemptSource {
  readonly username: string;
  readonly network: string;
  /** A device of the account that the attempt names; null without one. */
  readonly deviceId: DeviceId | null;
}

/** An attempt that may be made. One of the two must be called, unless it fails. */
export interface Attempt {
  succeed(): Promise<void>;
  takeBack(): Promise<void>;
}

export type LogInAttempts = ReturnType<typeof createLogInAttempts>;

/** @param onRefused - called with the name of the limit for each refused attempt */
export function createLogInAttempts(ports: { counter: AttemptCounter; onRefused: (limit: string) => void }) {
  const { counter, onRefused } = ports;
  const knownNetworks = new LRUCache<string, true>({ max: knownNetworksMax });

  async function begin(rule: WaitRule, key: string): Promise<void> {
    const waitMs: Millis = Math.ceil(await counter.begin(rule, key));
    if (waitMs <= 0) return;
    onRefused(rule.name);
    throw new DomainError('RATE_LIMITED', `Rate limit \`${rule.name}\` exceeded; retry in ${waitMs} ms.`, {
      details: { limit: rule.name, retryAfterMs: waitMs },
    });
  }

  return {
    /** @throws DomainError `RATE_LIMITED` */
    async begin({ username, network, deviceId }: AttemptSource): Promise<Attempt> {
      // An unknown name waits like a known one, so that waits do not reveal which names exist.
      const name = username.slice(0, 64).toLowerCase();
      const place = JSON.stringify([name, network]);
      const key = deviceId === null ? place : `device ${deviceId}`;
      await begin(logInRule, key);
      const countsByName = deviceId === null && !knownNetworks.has(place);
      if (countsByName) {
        try {
          await begin(logInNameRule, name);
        } catch (error) {
          await counter.takeBack(logInRule, key);
          throw error;
        }
      }
      const takeBackByName = async () => {
        if (countsByName) await counter.takeBack(logInNameRule, name);
      };
      return {
        async succeed() {
          knownNetworks.set(place, true);
          await counter.clear(logInRule, key);
          await takeBackByName();
        },
        async takeBack() {
          await counter.takeBack(logInRule, key);
          await takeBackByName();
        },
      };
    },
  };
}
