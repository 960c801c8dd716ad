import type { Clock } from '../domain/ids.ts';

/** Components that can be degraded: the stores and services that a server depends on, with room for more. */
export const componentsMax = 16;

/** The limits that the server publishes. */
export interface ServerLimits {
  readonly fanOutOnWriteMaxMembers: number;
  readonly textMaxBytes: number;
  readonly pageSizeMax: number;
  readonly operationsPerSocketMax: number;
}

export type ServerInfoService = ReturnType<typeof createServerInfo>;

/** @param ports.degraded - the components that are unavailable or slow now, by their names in docs/reliability.md */
export function createServerInfo(ports: {
  version: string;
  limits: ServerLimits;
  degraded: () => string[];
  clock: Clock;
}) {
  const { version, degraded, clock } = ports;
  // Named one by one, because a caller may pass an object with more fields, such as the whole configuration.
  const { fanOutOnWriteMaxMembers, textMaxBytes, pageSizeMax, operationsPerSocketMax } = ports.limits;
  const limits: ServerLimits = { fanOutOnWriteMaxMembers, textMaxBytes, pageSizeMax, operationsPerSocketMax };
  return {
    now: clock,
    info: () => ({ version, ...limits, degraded: degraded() }),
  };
}
