/**
 * Finds the messages that an acknowledgement covers. Translates between inbox numbers, which devices acknowledge, and message
 * numbers in conversations, in which positions are stored.
 */
import type { ByteBudget } from '../../domain/byte-budget.ts';
import { type Member, visibleHead } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import { type ConversationId, isId, type MessageId, maxSeq, type Seq, type UserId } from '../../domain/ids.ts';
import { lastInboxSeq } from '../../domain/inbox.ts';
import type { Message } from '../../domain/message.ts';
import type { Viewer } from '../../domain/user.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import { type ConversationLog, emptyHead } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';

const runsPage = 500;

/**
 * The positions up to which a user has acknowledged every entry of the inbox, on any device. They are kept like the positions of
 * devices, under keys that no device has.
 */
const allDevices = { DELIVERED: '-1', READ: '-2' } as const;

export interface AckInput {
  readonly status: 'DELIVERED' | 'READ';
  readonly messageIds?: readonly MessageId[] | null;
  readonly upTo?: readonly { readonly conversationId: ConversationId; readonly seq: Seq }[] | null;
  readonly upToInboxSeq?: Seq | null;
}

export function createAckCoverage(ports: { memberLists: MemberLists; log: ConversationLog; inbox: InboxService }) {
  const { memberLists, log, inbox } = ports;

  /** The viewer's latest stay, by a list as new as a row: nobody is refused on an older one. */
  async function memberAt(
    { userId }: Viewer,
    { conversationId, membershipSeq }: Pick<Message, 'conversationId' | 'membershipSeq'>,
  ): Promise<Member | undefined> {
    const memberList = await memberLists.at(conversationId, membershipSeq);
    return (await memberList?.stays(userId))?.at(-1);
  }

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
      const member = await memberAt(viewer, message);
      if (member === undefined || message.seq > visibleHead(member, message.seq)) throw notFound();
      if (message.seq <= member.joinedSeq && !(await wasEntered(viewer.userId, message))) throw notFound();
      name(message.conversationId, message.seq);
    }
    for (const { conversationId, seq } of upTo ?? []) {
      const known = await memberLists.require(conversationId, viewer.userId);
      const [{ seq: head, membershipSeq } = emptyHead] = await log.heads([known.memberList.conversation]);
      const member = (await memberAt(viewer, { conversationId, membershipSeq })) ?? known.member;
      const last = visibleHead(member, head);
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
   * The last number that the inbox covers up to `toSeq`, for each conversation with entries that are not acknowledged with this
   * status yet. Every entry is read once for each status, whatever the number of conversations.
   */
  async function positionsInInbox(
    userId: UserId,
    status: AckInput['status'],
    toSeq: Seq,
  ): Promise<Map<ConversationId, Seq>> {
    const covered = new Map<ConversationId, Seq>();
    for (let position = await inbox.ackedSeq({ userId, deviceId: allDevices[status] }); position < toSeq; ) {
      const runs = await inbox.listRuns(userId, position, runsPage);
      for (const run of runs) {
        if (run.seq > toSeq) return covered;
        const isWhole = run.truncated || lastInboxSeq(run) <= toSeq;
        covered.set(run.conversationId, isWhole ? run.toSeq : run.fromSeq + (toSeq - run.seq));
        position = lastInboxSeq(run);
      }
      if (runs.length === 0) break;
    }
    return covered;
  }

  /** Records that every entry up to `toSeq` is acknowledged with a status, once the positions are stored. */
  async function noteInboxPosition(userId: UserId, status: AckInput['status'], toSeq: Seq): Promise<void> {
    const statuses = status === 'READ' ? (['DELIVERED', 'READ'] as const) : (['DELIVERED'] as const);
    for (const one of statuses) await inbox.raiseAckedSeq({ userId, deviceId: allDevices[one], seq: toSeq });
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

  return { namedPositions, requireInInbox, positionsInInbox, noteInboxPosition, coveredUpTo };
}

function notFound(): DomainError {
  return new DomainError('NOT_FOUND', 'Message not found.');
}

function ahead(seq: Seq, last: Seq): DomainError {
  return new DomainError('CURSOR_AHEAD', `seq ${seq} is past the conversation's head, ${last}.`, {
    details: { headSeq: last.toString() },
  });
}
