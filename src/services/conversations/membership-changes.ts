/**
 * Changes of members: recorded, written to the log under their own key, settled. One change of a conversation is open at a time, in
 * all instances.
 *
 * An open change is in one of these states:
 * - claimed: an instance is carrying it out, or retries it;
 * - unclaimed: its instance has ended. Another one takes it over when it meets it, or with the next look for such changes;
 * - in the log: it needs no record any more. Everyone who needs a newer member list settles it;
 * - dropped: it is not in the log, and it cannot succeed, or it is older than `ageMaxMs`. Its caller got an error, so it must not
 *   happen much later.
 *
 * A change that two instances carry out is in the log once, because of its key. So claims need not be exact.
 */
import type { Conversation } from '../../domain/conversation.ts';
import { inTime } from '../../domain/deadline.ts';
import { serverKey } from '../../domain/entry-key.ts';
import { DomainError } from '../../domain/errors.ts';
import type { Clock, ConversationId, MessageId, Millis, UserId } from '../../domain/ids.ts';
import type { Message, SystemEvent } from '../../domain/message.ts';
import type { ConversationStore, MembershipChange } from '../../stores/conversation-store.ts';
import type { UserStore } from '../../stores/user-store.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import { describeChange } from './change-text.ts';
import type { Settlements } from './settlements.ts';

/** Maximum time for which a caller waits for the changes before its own in this process. */
const waitMaxMs = 10_000;
/** How often a change is planned again, because another instance was faster, and the pause while that one is busy. */
const plansMax = 20;
const busyPauseMs = 200;
/** How long other instances leave a change to the one that recorded it. */
const claimMs = 30_000;
/**
 * Changes that are older than this and not in the log are dropped. Twice the longest deadline of a store, so that no append of a dropped
 * change is still under way.
 */
const ageMaxMs = 60_000;
const retryAfterMs: Millis = 1_000;
/** Open changes that are looked at in one go. */
const openMax = 1_000;

export type MembershipChanges = ReturnType<typeof createMembershipChanges>;

export function createMembershipChanges(ports: {
  store: ConversationStore;
  users: UserStore;
  memberLists: MemberLists;
  log: ConversationLog;
  settlements: Settlements;
  newId: () => MessageId;
  clock: Clock;
  isSoleWriter: boolean;
  onError: (error: unknown, what: string) => void;
}) {
  const { store, users, memberLists, log, settlements, newId, clock, isSoleWriter, onError } = ports;
  const turns = new Map<ConversationId, Promise<unknown>>();
  let isClosed = false;

  /** Runs the calls of a conversation one after the other. */
  async function inTurn<T>(id: ConversationId, call: () => Promise<T>): Promise<T> {
    const before = turns.get(id) ?? Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const turn = before.then(() => promise);
    turns.set(id, turn);
    // Not before the earlier calls have ended: a call that gives up must not let the next one overtake them.
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

  /** Writes a recorded change to the log and settles it. A change that can never succeed is dropped, others are retried. */
  async function carryOut(conversation: Conversation, change: MembershipChange): Promise<void> {
    try {
      const { message } = await log.append(conversation, {
        id: change.id,
        conversationId: conversation.id,
        kind: 'SYSTEM',
        senderId: change.actorId,
        key: serverKey(change.id),
        body: { text: await describeChange(users, change), systemEvent: change.event },
      });
      await settlements.upTo(conversation.id, message.seq);
    } catch (error) {
      onError(error, 'membership change');
      if (error instanceof DomainError && error.retryable) retryLater(change);
      else await drop(change);
      throw error;
    }
  }

  function retryLater(change: MembershipChange): void {
    if (isClosed || isTooOld(change)) return;
    const timer = setTimeout(() => {
      // Failures are reported where they happen.
      if (!isClosed) inTurn(change.conversationId, () => complete(change)).catch(() => {});
    }, retryAfterMs);
    timer.unref();
  }

  function isTooOld({ at }: MembershipChange): boolean {
    // A change from the future was recorded by a clock that was ahead: nobody knows how old it is.
    return Math.abs(clock() - at) > ageMaxMs;
  }

  async function drop(change: MembershipChange): Promise<void> {
    await store.dropChange(change).catch((error: unknown) => onError(error, 'membership change'));
    memberLists.forget(change.conversationId);
  }

  /** Brings an open change to its end: it is settled, carried out, or dropped. */
  async function complete(change: MembershipChange): Promise<void> {
    const [state] = await store.get([change.conversationId]);
    if (state == null) return drop(change);
    const entry = await findInLog(state.conversation, change);
    if (entry !== null) return settlements.upTo(change.conversationId, entry.seq);
    if (!isTooOld(change)) return carryOut(state.conversation, change);
    onError(
      new Error(`change ${change.id} of conversation ${change.conversationId} was not made in time`),
      'membership change',
    );
    return drop(change);
  }

  function findInLog(conversation: Conversation, { id }: MembershipChange): Promise<Message | null> {
    return log.findByKey(conversation, serverKey(id));
  }

  /** Deals with the open change that keeps another one from being recorded. */
  async function finishOpenChange(id: ConversationId): Promise<void> {
    const change = await store.findOpenChange(id);
    if (change === null) return;
    const now = clock();
    // In one process the calls are in turn: a change that is still open was given up.
    if (isSoleWriter || (await store.claimChange(change.id, now, now + claimMs))) return complete(change);
    const [state] = await store.get([id]);
    const entry = state == null ? null : await findInLog(state.conversation, change);
    if (entry !== null) await settlements.upTo(id, entry.seq);
    else await new Promise((resolve) => setTimeout(resolve, busyPauseMs));
  }

  /** The member list that a change is planned for: as new as the log, with the roles that the store has. */
  async function currentList(id: ConversationId): Promise<MemberList | null> {
    if (!isSoleWriter) memberLists.forget(id);
    const memberList = await memberLists.get(id);
    if (memberList === null) return null;
    const [head] = await log.readHeads([memberList.conversation]);
    return memberLists.at(id, head?.membershipSeq ?? 0n);
  }

  function draftChange(actorId: UserId, conversationId: ConversationId, event: SystemEvent): MembershipChange {
    return { id: newId(), conversationId, actorId, event, at: clock() };
  }

  async function begin(change: MembershipChange, { version }: MemberList): Promise<'begun' | 'busy' | 'stale'> {
    try {
      return await store.beginChange(change, version, clock() + claimMs);
    } catch (error) {
      // It may have been recorded all the same, and its caller gets an error.
      await drop(change);
      throw error;
    }
  }

  return {
    /**
     * Stores a new group and writes its members to its log. A repeat with the same `clientGroupId` gets the first group.
     *
     * @throws DomainError `ID_CONFLICT`: the `clientGroupId` was used for other members, or another title, description or picture
     */
    async found(
      actorId: UserId,
      conversation: Conversation,
      userIds: readonly UserId[],
      clientGroupId: string | null,
    ): Promise<Conversation> {
      const event: SystemEvent = {
        kind: 'GROUP_CREATED',
        userIds,
        ...(conversation.title === null ? {} : { title: conversation.title }),
        ...(conversation.description === null ? {} : { description: conversation.description }),
        ...(conversation.avatarUrl === null ? {} : { avatarUrl: conversation.avatarUrl }),
      };
      const change = draftChange(actorId, conversation.id, event);
      const stored = await store.createGroup(conversation, change, clock() + claimMs, clientGroupId);
      await inTurn(stored.id, async () => {
        if (stored.id === conversation.id) return carryOut(conversation, change);
        const [first] = (await log.listMany([{ conversation: stored, fromSeq: 1n, toSeq: 1n }])).flat();
        const open = first === undefined ? await store.findOpenChange(stored.id) : null;
        const known = first?.body.systemEvent ?? open?.event;
        if (known !== undefined && !isSameGroup(known, event)) {
          throw new DomainError('ID_CONFLICT', `clientGroupId ${clientGroupId} was already used for another group.`);
        }
        if (first === undefined) await finishOpenChange(stored.id);
      });
      return stored;
    },

    /**
     * Makes the change that `plan` returns for the current members; none if it returns null. It is planned again if another
     * instance changes the members meanwhile.
     *
     * @throws DomainError `NOT_FOUND`: no such conversation
     * @throws DomainError `OVERLOADED`: too many changes are waiting
     * @throws DomainError `UNAVAILABLE`: the change may be made within a minute, or not at all
     */
    async run(
      actorId: UserId,
      conversationId: ConversationId,
      plan: (memberList: MemberList) => Promise<SystemEvent | null>,
    ): Promise<void> {
      await inTurn(conversationId, async () => {
        for (let plans = 0; plans < plansMax; plans += 1) {
          const memberList = await currentList(conversationId);
          if (memberList === null) throw new DomainError('NOT_FOUND', 'Conversation not found.');
          const event = await plan(memberList);
          if (event === null) return;
          const change = draftChange(actorId, conversationId, event);
          const outcome = await begin(change, memberList);
          if (outcome === 'begun') return carryOut(memberList.conversation, change);
          if (outcome === 'busy') await finishOpenChange(conversationId);
          else memberLists.forget(conversationId);
        }
        throw new DomainError('UNAVAILABLE', "An earlier change of this group's members is still in progress.");
      });
    },

    /**
     * Finishes open changes that no instance is working on. Never rejects: a change that fails is reported, and left for later.
     *
     * @param isStart - whether this process has just started; if it is alone, all open changes are left over from earlier ones
     */
    async finishOpenChanges(isStart: boolean): Promise<void> {
      const now = clock();
      try {
        const open = await store.listOpenChanges(isStart && isSoleWriter ? Number.POSITIVE_INFINITY : now, openMax);
        const finished = open.map((change) =>
          inTurn(change.conversationId, async () => {
            if (isSoleWriter || (await store.claimChange(change.id, now, now + claimMs))) await complete(change);
          }).catch((error: unknown) => onError(error, 'membership change')),
        );
        await Promise.all(finished);
      } catch (error) {
        onError(error, 'membership changes');
      }
    },

    close(): void {
      isClosed = true;
    },
  };
}

function isSameGroup(a: SystemEvent, b: SystemEvent): boolean {
  return (
    a.title === b.title &&
    a.description === b.description &&
    a.avatarUrl === b.avatarUrl &&
    a.userIds.length === b.userIds.length &&
    new Set([...a.userIds, ...b.userIds]).size === a.userIds.length
  );
}
