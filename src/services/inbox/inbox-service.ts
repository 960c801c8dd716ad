/** Reads a user's inbox in pages: the pull side of delivery, also used by streams to catch up. */

import { DomainError } from '../../domain/errors.ts';
import type { ConversationId, DeviceId, Seq, UserId } from '../../domain/ids.ts';
import { maxSeq, minSeq } from '../../domain/ids.ts';
import { type InboxRun, lastInboxSeq } from '../../domain/inbox.ts';
import type { Message } from '../../domain/message.ts';
import type { InboxStore } from '../../stores/inbox-store.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import { checkPageSize } from '../paging.ts';
import type { InboxSync } from './inbox-sync.ts';
import type { InboxWriter } from './inbox-writer.ts';

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

export type InboxService = ReturnType<typeof createInboxService>;

export function createInboxService(ports: {
  inboxes: InboxStore;
  writer: InboxWriter;
  sync: InboxSync;
  log: ConversationLog;
  memberLists: MemberLists;
  settings: { readonly pageSizeMax: number };
}) {
  const { inboxes, writer, sync, log, memberLists, settings } = ports;

  /** The page after `afterSeq`, of at most `first` numbers, without looking for anything that has no number yet. */
  async function read(userId: UserId, afterSeq: Seq, first: number): Promise<InboxPage> {
    // The head is read before the runs: a page never says more is there than it could have read.
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
    const entries = await readMessages(wanted);
    return { entries, truncated, nextSeq, headSeq, hasMore: nextSeq < headSeq };
  }

  async function readMessages(wanted: readonly { run: InboxRun; fromSeq: Seq; toSeq: Seq }[]): Promise<InboxEntry[]> {
    const ranges = [];
    for (const { run, fromSeq, toSeq } of wanted) {
      const memberList = await memberLists.get(run.conversationId);
      if (memberList !== null) ranges.push({ conversation: memberList.conversation, run, fromSeq, toSeq });
    }
    const messages = await log.listMany(ranges);
    return ranges.flatMap(({ run }, index) =>
      (messages[index] ?? []).map((message) => ({ seq: run.seq + (message.seq - run.fromSeq), message })),
    );
  }

  return {
    read,

    /**
     * What a user's devices may have missed, strictly after `afterSeq`, oldest first.
     *
     * @throws DomainError `CURSOR_AHEAD`: `afterSeq` is past the head
     * @throws DomainError `BAD_USER_INPUT`: `first` is not 1 to `pageSizeMax`
     */
    async page(userId: UserId, afterSeq: Seq, first: number): Promise<InboxPage> {
      checkPageSize('first', first, settings.pageSizeMax);
      await sync.enterAll(userId);
      const page = await read(userId, afterSeq, first);
      if (afterSeq > page.headSeq) throw cursorAhead(afterSeq, page.headSeq);
      return page;
    },

    /** The last inbox number a user has, without giving new ones. */
    async head(userId: UserId): Promise<Seq> {
      return (await writer.heads([userId]))[0] ?? 0n;
    },

    /** The last inbox number once all there is has one: what a client compares its own with. */
    async headAfterSync(userId: UserId): Promise<Seq> {
      await sync.enterAll(userId);
      return this.head(userId);
    },

    /** How far a device has acknowledged its user's inbox. */
    async ackedSeq(userId: UserId, deviceId: DeviceId): Promise<Seq> {
      return (await inboxes.ackedSeqs([{ userId, deviceId }]))[0] ?? 0n;
    },
  };
}

export function cursorAhead(seq: Seq, headSeq: Seq): DomainError {
  return new DomainError('CURSOR_AHEAD', `seq ${seq} is past the inbox head, ${headSeq}.`, {
    details: { headSeq: headSeq.toString() },
  });
}
