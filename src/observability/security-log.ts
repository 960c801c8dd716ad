import { LRUCache } from 'lru-cache';
import type { Clock } from '../domain/ids.ts';
import {
  type OnSecurityEvent,
  type SecurityEventEntry,
  type SecurityEventName,
  securityEvents,
} from '../domain/security-event.ts';
import type { Log } from './log.ts';

/** Minimum interval between two lines of a frequent event with the same reason and cause. */
const logAgainMs = 60_000;
/** Maximum number of lines of frequent events in that time, so that many clients cannot flood the log. */
const frequentMax = 200;

/**
 * Writes security events as lines with the field names of the Elastic Common Schema, and counts them.
 *
 * @param elapsed - milliseconds of a monotonic clock
 */
export function createSecurityLog({
  log,
  count,
  elapsed,
}: {
  log: Pick<Log, 'info' | 'warn'>;
  count: (name: SecurityEventName) => void;
  elapsed: Clock;
}): OnSecurityEvent {
  const logged = new LRUCache<string, true>({
    max: frequentMax,
    ttl: logAgainMs,
    perf: { now: elapsed },
    ttlResolution: 0,
  });

  function isLoggedAlready(key: string): boolean {
    if (logged.has(key)) return true;
    if (logged.size >= frequentMax) logged.purgeStale();
    if (logged.size >= frequentMax) return true;
    logged.set(key, true);
    return false;
  }

  return ({ name, userId, deviceId, address, reason }) => {
    const { outcome, meaning, isFrequent = false }: SecurityEventEntry = securityEvents[name];
    count(name);
    if (isFrequent && isLoggedAlready([name, reason, userId ?? address].join(' '))) return;
    const fields = {
      'event.kind': 'event',
      'event.category': 'authentication',
      'event.action': name,
      'event.outcome': outcome,
      'event.reason': reason,
      'user.id': userId,
      'device.id': deviceId,
      'source.ip': address,
    };
    log[outcome === 'failure' ? 'warn' : 'info'](fields, meaning);
  };
}
