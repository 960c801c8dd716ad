/** Every user's numbered inbox. A follower of the log fills it; clients, and streams that catch up, read it in pages. */

import type { ByteBudget } from '../../domain/byte-budget.ts';
import { DomainError } from '../../domain/errors.ts';
import type { ConversationId, Seq, UserId } from '../../domain/ids.ts';
import { maxSeq, minSeq } from '../../domain/ids.ts';
import { type InboxRun, lastInboxSeq } from '../../domain/inbox.ts';
import type { Message } from '../../domain/message.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { AckedSeq, DeviceKey, InboxStore } from '../../stores/inbox-store.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import { checkPageSize } from '../paging.ts';
import { createFanOut } from './fan-out.ts';
import { createInboxGaps } from './inbox-gaps.ts';
import { createInboxHints } from './inbox-hints.ts';
import { createInboxSync } from './inbox-sync.ts';
import { createInboxWriter, type InboxWriterSettings } from './inbox-writer.ts';

export { InboxGap } from './inbox-gaps.ts';

export interface InboxEntry {
  readonly seq: Seq;
  readonly message: Message;
}

export interface TruncatedBacklog {
  readonly seq: Seq;
  readonly conversationId: ConversationId;
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
}

export interface InboxPage {
  readonly entries: readonly InboxEntry[];
  readonly truncated: readonly TruncatedBacklog[];
  /** The last number this page covers. */
  readonly nextSeq: Seq;
  readonly headSeq: Seq;
  readonly hasMore: boolean;
}

export interface InboxSettings extends Partial<InboxWriterSettings> {
  readonly pageSizeMax: number;
}

export type InboxService = ReturnType<typeof createInboxService>;

export function createInboxService(ports: {
  inboxes: InboxStore;
  log: ConversationLog;
  memberLists: MemberLists;
  bus: Bus;
  isSoleWriter: boolean;
  /** How many damaged writes the message store has set aside. */
  countSetAside: () => Promise<number>;
  onError: (error: unknown, what: string) => void;
  settings: InboxSettings;
}) {
  const { inboxes, log, memberLists, bus, isSoleWriter, countSetAside, onError, settings } = ports;
  const hints = createInboxHints({ bus });
  const writer = createInboxWriter({ inboxes, isSoleWriter, onEntered: hints.announce, settings });
  const fanOut = createFanOut({ memberLists, writer, hints, bus, onError });
  const sync = createInboxSync({ memberLists, log, writer, fanOut });
  const gaps = createInboxGaps({ countSetAside, onError });

  /**
   * The page after `afterSeq`, of at most `first` numbers, without messages that have no number yet.
   *
   * @throws DomainError `UNAVAILABLE`: the stores do not answer, or do not have one of the messages
   */
  async function read(userId: UserId, afterSeq: Seq, first: number, budget?: ByteBudget): Promise<InboxPage> {
    // The head is read before the runs, so that a page never promises more than it could have read.
    const [head] = await writer.heads([userId]);
    const headSeq = head ?? 0n;
    const end = minSeq(headSeq, afterSeq + BigInt(first));
    const runs = end > afterSeq ? await inboxes.list(userId, afterSeq, first) : [];
    const truncated: TruncatedBacklog[] = [];
    const wanted: { run: InboxRun; fromSeq: Seq; toSeq: Seq }[] = [];
    let nextSeq = afterSeq;
    for (const run of runs) {
      if (run.seq > end) break;
      nextSeq = minSeq(end, lastInboxSeq(run));
      if (run.truncated) {
        const { seq, conversationId, fromSeq, toSeq } = run;
        truncated.push({ seq, conversationId, fromSeq, toSeq });
      } else {
        const skipped = maxSeq(0n, afterSeq + 1n - run.seq);
        wanted.push({ run, fromSeq: run.fromSeq + skipped, toSeq: run.fromSeq + (nextSeq - run.seq) });
      }
    }
    const entries = await readMessages(wanted, budget);
    return { entries, truncated, nextSeq, headSeq, hasMore: nextSeq < headSeq };
  }

  async function readMessages(
    wanted: readonly { run: InboxRun; fromSeq: Seq; toSeq: Seq }[],
    budget?: ByteBudget,
  ): Promise<InboxEntry[]> {
    const states = await memberLists.states(wanted.map(({ run }) => run.conversationId));
    const ranges = [];
    for (const [index, { run, fromSeq, toSeq }] of wanted.entries()) {
      const conversation = states[index]?.conversation;
      if (conversation !== undefined) ranges.push({ conversation, run, fromSeq, toSeq });
      else await gaps.check({ conversationId: run.conversationId, fromSeq, toSeq }, []);
    }
    const messages = await log.listMany(ranges, budget);
    const entries: InboxEntry[] = [];
    for (const [index, { run, fromSeq, toSeq }] of ranges.entries()) {
      const found = messages[index] ?? [];
      const isWhole = BigInt(found.length) === toSeq - fromSeq + 1n;
      if (!isWhole) await gaps.check({ conversationId: run.conversationId, fromSeq, toSeq }, found);
      for (const message of found) entries.push({ seq: run.seq + (message.seq - run.fromSeq), message });
    }
    return entries;
  }

  return {
    read,

    /**
     * The entries strictly after `afterSeq`, which a user's devices may have missed, oldest first.
     *
     * @throws DomainError `CURSOR_AHEAD`: `afterSeq` is past the head
     * @throws DomainError `BAD_USER_INPUT`: `first` is not 1 to `pageSizeMax`
     * @throws DomainError `UNAVAILABLE`: the stores do not answer, or do not have one of the messages
     */
    async page(userId: UserId, afterSeq: Seq, first: number, budget?: ByteBudget): Promise<InboxPage> {
      checkPageSize('first', first, settings.pageSizeMax);
      await sync.enterAll(userId);
      const page = await read(userId, afterSeq, first, budget);
      if (afterSeq > page.headSeq) throw cursorAhead(afterSeq, page.headSeq);
      return page;
    },

    /** Adds committed messages to inboxes; a follower of the log. */
    follower: fanOut.follower,

    enterAll: sync.enterAll,
    enterConversations: sync.enterConversations,
    finishStays: sync.finishStays,

    /** Waits for the current fan-out of the user's messages; at most a moment. */
    settle: fanOut.settle,

    /** A page of a user's conversations by activity, without large groups. */
    listActive: inboxes.listActive,
    raiseActivity: inboxes.raiseActivity,
    dropActivity: inboxes.dropActivity,

    /** The last inbox number of each user, in the order of the ids, without assigning new ones. */
    heads: writer.heads,

    /** The same for one user. */
    async head(userId: UserId): Promise<Seq> {
      return (await writer.heads([userId]))[0] ?? 0n;
    },

    /** The last inbox number after every message has got one. Clients compare their own number with it. */
    async headAfterSync(userId: UserId): Promise<Seq> {
      await sync.enterAll(userId);
      return this.head(userId);
    },

    /** The run that contains a message of a conversation, or the last run before it; undefined if there is none. */
    async runAt(userId: UserId, conversationId: ConversationId, seq: Seq): Promise<InboxRun | null | undefined> {
      return (await inboxes.runsAt([{ userId, conversationId, seq }]))[0];
    },

    /** Runs with numbers after `afterSeq`, ascending; at most `limit`. */
    listRuns(userId: UserId, afterSeq: Seq, limit: number): Promise<InboxRun[]> {
      return inboxes.list(userId, afterSeq, limit);
    },

    /** The acknowledged inbox position of a device. */
    async ackedSeq(device: DeviceKey): Promise<Seq> {
      return (await inboxes.ackedSeqs([device]))[0] ?? 0n;
    },

    /** Raises that position, never lowers it. */
    raiseAckedSeq(acked: AckedSeq): Promise<void> {
      return inboxes.raiseAckedSeqs([acked]);
    },
  };
}

export function cursorAhead(seq: Seq, headSeq: Seq): DomainError {
  return new DomainError('CURSOR_AHEAD', `seq ${seq} is past the inbox head, ${headSeq}.`, {
    details: { headSeq: headSeq.toString() },
  });
}
