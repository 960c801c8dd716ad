/**
 * Finds the messages that an acknowledgement covers. Translates between inbox numbers, which devices acknowledge, and message
 * numbers in conversations, in which positions are stored.
 */
import type { ByteBudget } from '../../domain/byte-budget.ts';
import { visibleHead } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import { type ConversationId, isId, type MessageId, maxSeq, minSeq, type Seq, type UserId } from '../../domain/ids.ts';
import { lastInboxSeq } from '../../domain/inbox.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import type { MemberPositions } from './positions.ts';

const runsPage = 500;

export interface AckInput {
  readonly status: 'DELIVERED' | 'READ';
  readonly messageIds?: readonly MessageId[] | null;
  readonly upTo?: readonly { readonly conversationId: ConversationId; readonly seq: Seq }[] | null;
  readonly upToInboxSeq?: Seq | null;
}

export function createAckCoverage(ports: {
  memberPositions: MemberPositions;
  memberLists: MemberLists;
  log: ConversationLog;
  inbox: InboxService;
}) {
  const { memberPositions, memberLists, log, inbox } = ports;

  /** The highest named number per conversation. Throws if any part is invalid, before anything is recorded. */
  async function namedPositions(
    viewer: Viewer,
    { messageIds, upTo }: AckInput,
    budget?: ByteBudget,
  ): Promise<Map<ConversationId, Seq>> {
    const named = new Map<ConversationId, Seq>();
    const name = (id: ConversationId, seq: Seq) => named.set(id, maxSeq(named.get(id) ?? 0n, seq));
    if (messageIds?.some((id) => !isId(id)) === true) throw notFound();
    for (const message of await log.findByIds(messageIds ?? [], budget)) {
      if (message === null) throw notFound();
      const member = await memberLists.memberOf(message.conversationId, viewer.userId);
      if (member === undefined || message.seq > visibleHead(member, message.seq)) throw notFound();
      if (message.seq <= member.joinedSeq && !(await wasEntered(viewer.userId, message))) throw notFound();
      name(message.conversationId, message.seq);
    }
    for (const { conversationId, seq } of upTo ?? []) {
      const { memberList, member } = await memberLists.require(conversationId, viewer.userId);
      const [head] = await log.heads([memberList.conversation]);
      const last = visibleHead(member, head?.seq ?? 0n);
      if (seq > last) throw ahead(seq, last);
      name(conversationId, seq);
    }
    return named;
  }

  /** Whether a message is in a user's inbox, including messages from earlier stays. */
  async function wasEntered(userId: UserId, { conversationId, seq }: Message): Promise<boolean> {
    const run = await inbox.runAt(userId, conversationId, seq);
    return run != null && seq <= run.toSeq;
  }

  async function requireInInbox(userId: UserId, seq: Seq): Promise<void> {
    if (seq <= (await inbox.head(userId))) return;
    // A message that was answered SENT a moment ago may get its inbox number only now.
    await inbox.enterAll(userId);
    const head = await inbox.head(userId);
    if (seq > head) throw ahead(seq, head);
  }

  /**
   * The last number that the inbox covers up to `toSeq`, for each conversation in which it raises a position. It reads the conversations
   * in which the user is behind instead of the entries, because an inbox may be long, and most of it is already acknowledged.
   */
  async function positionsInInbox(
    viewer: Viewer,
    status: AckInput['status'],
    toSeq: Seq,
  ): Promise<Map<ConversationId, Seq>> {
    const { userId } = viewer;
    const behind: { conversationId: ConversationId; joinedSeq: Seq; seq: Seq }[] = [];
    for (const conversationId of await memberLists.conversationIdsOf(userId)) {
      const memberList = await memberLists.get(conversationId);
      const member = (await memberList?.stays(userId))?.at(-1);
      if (memberList === null || member === undefined) continue;
      const [[positions], [head]] = await Promise.all([
        memberPositions.get(conversationId, [userId]),
        log.heads([memberList.conversation]),
      ]);
      const reached = status === 'READ' ? positions?.readSeq : positions?.deliveredSeq;
      const seq = visibleHead(member, head?.seq ?? 0n);
      if (maxSeq(reached ?? 0n, member.joinedSeq) < seq)
        behind.push({ conversationId, joinedSeq: member.joinedSeq, seq });
    }
    const covered = new Map<ConversationId, Seq>();
    await Promise.all(
      behind.map(async ({ conversationId, joinedSeq, seq }) => {
        const found = await coveredInInbox(userId, conversationId, joinedSeq, seq, toSeq);
        if (found > joinedSeq) covered.set(conversationId, found);
      }),
    );
    return covered;
  }

  /** The last of a conversation's messages up to `highest` that is in the inbox up to `toSeq`, by bisection over its runs. */
  async function coveredInInbox(
    userId: UserId,
    conversationId: ConversationId,
    joinedSeq: Seq,
    highest: Seq,
    toSeq: Seq,
  ): Promise<Seq> {
    let low = joinedSeq;
    let high = highest;
    let probe = highest;
    while (high > low) {
      const run = await inbox.runAt(userId, conversationId, probe);
      if (run != null && run.seq <= toSeq && run.toSeq > low) {
        low = run.truncated || lastInboxSeq(run) <= toSeq ? run.toSeq : run.fromSeq + (toSeq - run.seq);
        if (lastInboxSeq(run) > toSeq) return low;
      } else if (run != null && run.seq > toSeq) {
        high = run.fromSeq - 1n;
      } else {
        break; // Runs are consecutive: messages after the last run are not in the inbox yet.
      }
      probe = (low + high + 1n) / 2n;
    }
    return minSeq(low, high);
  }

  /** The last number of the unbroken sequence after `position` that `named` covers. */
  async function coveredUpTo(viewer: Viewer, position: Seq, named: ReadonlyMap<ConversationId, Seq>): Promise<Seq> {
    for (;;) {
      const runs = await inbox.listRuns(viewer.userId, position, runsPage);
      if (runs.length === 0) return position;
      for (const run of runs) {
        const covered = named.get(run.conversationId) ?? 0n;
        if (covered >= run.toSeq) {
          position = lastInboxSeq(run);
          continue;
        }
        if (run.truncated || covered < run.fromSeq) return position;
        return maxSeq(position, run.seq + (covered - run.fromSeq));
      }
    }
  }

  return { namedPositions, requireInInbox, positionsInInbox, coveredUpTo };
}

function notFound(): DomainError {
  return new DomainError('NOT_FOUND', 'Message not found.');
}

function ahead(seq: Seq, last: Seq): DomainError {
  return new DomainError('CURSOR_AHEAD', `seq ${seq} is past the conversation's head, ${last}.`, {
    details: { headSeq: last.toString() },
  });
}
