import type { Millis, UserId } from './ids.ts';

export type PresenceStatus = 'ONLINE' | 'OFFLINE' | 'UNKNOWN';

export interface Presence {
  readonly userId: UserId;
  readonly status: PresenceStatus;
  readonly lastSeenAt: Millis | null;
}
