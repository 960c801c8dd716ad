import { type ConversationId, compareIds, type Millis, minSeq, type Seq, type UserId } from './ids.ts';
import type { Month } from './month.ts';

export type ConversationKind = 'DIRECT' | 'GROUP';
export type MemberRole = 'OWNER' | 'ADMIN' | 'MEMBER';

export interface Conversation {
  readonly id: ConversationId;
  readonly kind: ConversationKind;
  /** Null for direct conversations. */
  readonly title: string | null;
  /** The purpose of a group; null for direct conversations. */
  readonly description: string | null;
  /** The address of a group's picture on another server. */
  readonly avatarUrl: string | null;
  readonly createdAt: Millis;
  /** The month of the first segment. Fixed when the conversation is created, so that no clock can change it. */
  readonly firstMonth: Month;
}

/**
 * One stay of a user in a conversation. It contains the messages with `joinedSeq < seq <= leftSeq`. A user who leaves and rejoins
 * has several stays.
 */
export interface Member {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly role: MemberRole;
  readonly joinedSeq: Seq;
  /** The number of the message that states that they left; null while they are a member. */
  readonly leftSeq: Seq | null;
  /** The group's title when they left, where it is known; no later title is shown to them. */
  readonly leftTitle?: string;
}

/** Whether a member is entitled to a message. */
export function maySee(member: Member, seq: Seq): boolean {
  return seq > member.joinedSeq && (member.leftSeq === null || seq <= member.leftSeq);
}

/** Whether the user is a current member, and not a former member or a stranger. */
export function isActive(member: Member | null | undefined): boolean {
  return member?.leftSeq === null;
}

/** The highest number a member may see, given the conversation's head. */
export function visibleHead(member: Member, head: Seq): Seq {
  return member.leftSeq !== null && member.leftSeq < head ? member.leftSeq : head;
}

/** A stretch of numbers, both inclusive. */
export interface SeqRange {
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
}

/** The numbers up to a head that a user may see, given all their stays: ascending, without empty ranges. */
export function visibleRanges(stays: readonly Member[], head: Seq): SeqRange[] {
  return stays
    .map(({ joinedSeq, leftSeq }) => ({ fromSeq: joinedSeq + 1n, toSeq: minSeq(leftSeq ?? head, head) }))
    .filter(({ fromSeq, toSeq }) => fromSeq <= toSeq);
}

/** The key of two users' direct conversation, the same for both orders of the pair. */
export function directKey([a, b]: readonly [UserId, UserId]): string {
  return compareIds(a, b) < 0 ? `${a}:${b}` : `${b}:${a}`;
}
