import type { Clock } from '../domain/ids.ts';

/** What the server says of itself. */
export interface ServerLimits {
  readonly fanOutOnWriteMaxMembers: number;
  readonly textMaxBytes: number;
  readonly pageSizeMax: number;
  readonly operationsPerSocketMax: number;
}

export type ServerInfoService = ReturnType<typeof createServerInfo>;

/** @param ports.degraded - the parts that are away or slow now, in the words of docs/reliability.md */
export function createServerInfo(ports: {
  version: string;
  limits: ServerLimits;
  degraded: () => string[];
  clock: Clock;
}) {
  const { version, degraded, clock } = ports;
  // Named one by one: whoever passes more, such as the whole configuration, must not have it shown.
  const { fanOutOnWriteMaxMembers, textMaxBytes, pageSizeMax, operationsPerSocketMax } = ports.limits;
  const limits: ServerLimits = { fanOutOnWriteMaxMembers, textMaxBytes, pageSizeMax, operationsPerSocketMax };
  return {
    now: clock,
    info: () => ({ version, ...limits, degraded: degraded() }),
  };
}
