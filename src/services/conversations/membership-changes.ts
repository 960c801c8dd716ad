/**
 * Changes of membership, one at a time for each conversation: recorded, written to the log, settled.
 *
 * The record makes a change survive a crash: `resume` writes it to the log again with the same `clientMessageId`, which has no effect
 * if it was written before, and settles it with its number.
 */
import type { Conversation } from '../../domain/conversation.ts';
import { inTime } from '../../domain/deadline.ts';
import { serverKey } from '../../domain/entry-key.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, ConversationId, MessageId, Millis, Seq, UserId } from '../../domain/ids.ts';
import { isDeparture, type SystemEvent } from '../../domain/message.ts';
import type { Bus } from '../../pubsub/bus.ts';
import { topics } from '../../pubsub/topics.ts';
import type { ConversationStore, MembershipChange } from '../../stores/conversation-store.ts';
import type { UserStore } from '../../stores/user-store.ts';
import type { InboxService } from '../inbox/inbox-service.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberLists } from '../members/member-lists.ts';
import type { ReceiptService } from '../receipts/receipt-service.ts';

/** Maximum time for which a caller waits for earlier changes. */
const waitMaxMs = 10_000;
const retryAfterMs: Millis = 1_000;
const namedInTextMax = 5;

export type MembershipChanges = ReturnType<typeof createMembershipChanges>;

export function createMembershipChanges(ports: {
  store: ConversationStore;
  users: UserStore;
  memberLists: MemberLists;
  log: ConversationLog;
  inbox: InboxService;
  receipts: ReceiptService;
  bus: Bus;
  newId: () => MessageId;
  clock: Clock;
  onError: (error: unknown, what: string) => void;
}) {
  const { store, users, memberLists, log, inbox, receipts, bus, newId, clock, onError } = ports;
  const turns = new Map<ConversationId, Promise<unknown>>();
  let closed = false;

  /** Runs the calls of each conversation one after the other. */
  async function inTurn<T>(id: ConversationId, call: () => Promise<T>): Promise<T> {
    const before = turns.get(id) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn = before.then(() => promise);
    turns.set(id, turn);
    // Only after all earlier calls have ended: a call that stops waiting must not let the next one overtake them.
    void turn.then(() => {
      if (turns.get(id) === turn) turns.delete(id);
    });
    const late = () => new DomainError('OVERLOADED', "Too many concurrent changes of this group's members.");
    try {
      await inTime(before, waitMaxMs, late);
      return await call();
    } finally {
      resolve();
    }
  }

  /** Writes a recorded change to the log and settles it. */
  async function carryOut(conversation: Conversation, change: MembershipChange): Promise<void> {
    memberLists.begin(change);
    try {
      const { message } = await log.append(conversation, {
        id: change.id,
        conversationId: conversation.id,
        kind: 'SYSTEM',
        senderId: change.actorId,
        key: serverKey(change.id),
        body: { text: await describe(change), systemEvent: change.event },
      });
      if (change.event.kind === 'MEMBERS_ADDED') await inbox.finishStays(conversation.id, change.event.userIds);
      const touched = await memberLists.settle(change, message.seq);
      memberLists.end(conversation.id);
      announce(conversation.id, touched);
      if (isDeparture(change.event)) void receipts.announceLeft(conversation.id, change.event.userIds);
    } catch (error) {
      // Whether it was written or not: until it is settled, the recipients of later messages are unknown, and fan-out waits.
      onError(error, 'membership change');
      retryLater(conversation, change);
      throw error;
    }
  }

  function retryLater(conversation: Conversation, change: MembershipChange): void {
    if (closed) return;
    const timer = setTimeout(() => {
      if (closed) return;
      void inTurn(conversation.id, () => carryOut(conversation, change)).catch(() => {});
    }, retryAfterMs);
    timer.unref();
  }

  function announce(conversationId: ConversationId, userIds: readonly UserId[]): void {
    for (const userId of userIds) bus.publish(topics.memberships(userId), { conversationId, userIds });
  }

  /** The change in English, for clients that do not show `systemEvent` in their own words. */
  async function describe({ actorId, event }: MembershipChange): Promise<string> {
    const shown = event.userIds.filter((id) => id !== actorId).slice(0, namedInTextMax);
    const found = await users.get([actorId, ...shown]);
    const [actor, ...others] = found.map((user) => user?.displayName ?? 'Somebody');
    const more = event.userIds.filter((id) => id !== actorId).length - shown.length;
    const list = [...others, ...(more > 0 ? [`${more} more`] : [])].join(', ');
    switch (event.kind) {
      case 'GROUP_CREATED':
        return `${actor} created the group “${event.title ?? ''}”${list === '' ? '' : ` with ${list}`}.`;
      case 'MEMBERS_ADDED':
        return `${actor} added ${list}.`;
      case 'MEMBERS_REMOVED':
        return `${actor} removed ${list}.`;
      case 'MEMBER_LEFT':
        return `${actor} left.`;
    }
  }

  function draftChange(actorId: UserId, conversationId: ConversationId, event: SystemEvent): MembershipChange {
    return { id: newId(), conversationId, actorId, event, at: clock() };
  }

  return {
    announce,

    /** Stores a new group and writes its members to its log. */
    async found(actorId: UserId, conversation: Conversation, userIds: readonly UserId[]): Promise<void> {
      const event: SystemEvent = {
        kind: 'GROUP_CREATED',
        userIds,
        ...(conversation.title === null ? {} : { title: conversation.title }),
      };
      const change = draftChange(actorId, conversation.id, event);
      await inTurn(conversation.id, async () => {
        await store.createGroup(conversation, change);
        await carryOut(conversation, change);
      });
    },

    /**
     * Makes the change that `plan` returns once all earlier ones are settled; none if it returns null.
     *
     * @throws DomainError `OVERLOADED`: too many changes are waiting
     */
    async run(actorId: UserId, conversationId: ConversationId, plan: () => Promise<SystemEvent | null>): Promise<void> {
      await inTurn(conversationId, async () => {
        if (memberLists.settled(conversationId) !== null) {
          throw new DomainError('UNAVAILABLE', "An earlier change of this group's members is still in progress.");
        }
        const event = await plan();
        const memberList = await memberLists.get(conversationId);
        if (event === null || memberList === null) return;
        const change = draftChange(actorId, conversationId, event);
        await store.beginChange(change).catch(async (error: unknown) => {
          // It may have been recorded. The caller gets an error, so no later start may find and complete it.
          await store.dropChange(change.id).catch((cause: unknown) => onError(cause, 'membership change'));
          throw error;
        });
        await carryOut(memberList.conversation, change);
      });
    },

    /** Completes the changes that an earlier run of the server left unsettled. */
    async resume(): Promise<void> {
      const unsettled = await store.listUnsettled();
      // Changes that are already in the log are settled first, in the order of the log.
      const said = await log.findByIds(unsettled.map(({ id }) => id));
      const places = new Map(unsettled.map(({ id }, index) => [id, said[index]?.seq ?? null]));
      for (const change of unsettled.sort((a, b) => comparePlaces(places.get(a.id), places.get(b.id)))) {
        const [state] = await store.get([change.conversationId]);
        if (state == null) await store.dropChange(change.id);
        else await inTurn(change.conversationId, () => carryOut(state.conversation, change));
      }
    },

    close(): void {
      closed = true;
    },
  };
}

/** By number; items without a number come last, in their existing order. */
function comparePlaces(a: Seq | null | undefined, b: Seq | null | undefined): number {
  if (a == null || b == null) return Number(a == null) - Number(b == null);
  return a < b ? -1 : Number(a > b);
}
