/**
 * Records in the store where logs are, so that a later reader of a conversation reads its last segment only, and not all its months.
 * Each conversation is recorded at most once per `chainRecordEveryMs`: a record for every message would cost a third of the store's
 * throughput.
 *
 * A record may be late or lost: a reader goes on from it in the log. It is never ahead, because only stored messages are noted.
 */
import type { ConversationId, Millis } from '../../domain/ids.ts';
import type { MessageLog } from '../../stores/message-log.ts';
import { recordOf, type SegmentChain } from './segment-chain.ts';

export interface ChainRecordSettings {
  readonly chainRecordEveryMs: Millis;
  /** Maximum number of records in one call. */
  readonly chainRecordsMax: number;
}

export const chainRecordDefaults: ChainRecordSettings = { chainRecordEveryMs: 1_000, chainRecordsMax: 1_000 };

export type ChainRecords = ReturnType<typeof createChainRecords>;

export function createChainRecords({ log, settings }: { log: MessageLog; settings: ChainRecordSettings }) {
  const noted = new Map<ConversationId, SegmentChain>();
  let recording: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;

  function record(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    recording = recording.then(async () => {
      const chains = [...noted.values()].map(recordOf);
      noted.clear();
      try {
        for (let from = 0; from < chains.length; from += settings.chainRecordsMax)
          await log.raiseChains(chains.slice(from, from + settings.chainRecordsMax));
      } catch {
        // The next message of a conversation notes it again.
      }
    });
    return recording;
  }

  return {
    /** Has a chain recorded soon, which ends with a stored message. */
    note(chain: SegmentChain): void {
      noted.set(chain.conversationId, chain);
      timer ??= setTimeout(() => void record(), settings.chainRecordEveryMs);
    },

    /** Records all noted chains, and stops. */
    close: record,
  };
}
