/**
 * Sessions that an operator's command ended, in a process of its own. The directory records the ending of an account's sessions, and
 * each instance reads the records and announces the devices, as for a logout.
 *
 * `seq` is the last record that was read: unknown until the first look, which skips the records from before the start,
 * because no token was cached then.
 */
import { DomainError } from '../../domain/errors.ts';
import type { DeviceId, UserId } from '../../domain/ids.ts';
import type { AccountControl } from '../../stores/account-control.ts';

export function createSessionEndings(ports: {
  control: AccountControl;
  announceEnd: (userId: UserId, deviceId: DeviceId, isRevoked: boolean) => void;
}) {
  const { control, announceEnd } = ports;
  let seq: number | null = null;

  async function announce(): Promise<void> {
    seq ??= await control.lastEnding();
    for (const ending of await control.listEndings(seq)) {
      let last: DeviceId | null = null;
      for (;;) {
        const ended: { id: DeviceId; userId: UserId }[] = await control.listEnded(ending, last);
        for (const { id, userId } of ended) announceEnd(userId, id, true);
        last = ended.at(-1)?.id ?? null;
        if (last === null) break;
      }
      seq = ending.seq;
    }
  }

  return {
    /** Announces the endings since the last look. If the directory does not answer, the next look makes up for it. */
    async look(): Promise<void> {
      await announce().catch((error: unknown) => {
        // Readiness reports an unavailable directory; a report of each look would flood the log.
        if (!(error instanceof DomainError) || error.code !== 'UNAVAILABLE') throw error;
      });
    },
  };
}
