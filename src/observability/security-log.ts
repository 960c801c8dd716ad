import { type OnSecurityEvent, type SecurityEventName, securityEvents } from '../domain/security-event.ts';
import type { Log } from './log.ts';

/** Writes each security event as a line with the field names of the Elastic Common Schema, and counts it. */
export function createSecurityLog({
  log,
  count,
}: {
  log: Pick<Log, 'info' | 'warn'>;
  count: (name: SecurityEventName) => void;
}): OnSecurityEvent {
  return ({ name, userId, deviceId, address, reason }) => {
    const { outcome, meaning } = securityEvents[name];
    count(name);
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
