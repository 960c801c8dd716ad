/** One conversation's members at one version. */
import { type Conversation, isActive, type Member } from '../../domain/conversation.ts';
import { maxSeq, type Seq, type UserId } from '../../domain/ids.ts';

/** All stays of a user in one conversation, the latest last; empty for a user who was never a member. */
export type Stays = readonly Member[];

export interface MemberList {
  readonly conversation: Conversation;
  /** The number of the last membership entry that this list contains; 0 in a direct conversation, whose members never change. */
  readonly version: Seq;
  readonly memberCount: number;
  /** The latest stay of each current and former member. */
  readonly members: ReadonlyMap<UserId, Member>;
  readonly activeCount: number;
  /** Whether its messages are fanned out on read. */
  readonly isLarge: boolean;
  /** May read one user from the store if the whole list is not in memory. */
  stays(userId: UserId): Stays | Promise<Stays>;
  /** The stays that contain any message from `seq` on: those of the current members, and those that ended with or after `seq`. */
  since(seq: Seq): readonly Member[] | Promise<readonly Member[]>;
  /** The current members. */
  active(): readonly Member[];
}

/**
 * @param stays - all stays in the conversation, ordered by user and within each user by `joinedSeq`
 * @param largeAbove - groups of more members than this are large
 */
export function createMemberList(conversation: Conversation, stays: readonly Member[], largeAbove: number): MemberList {
  const byUser = Map.groupBy(stays, ({ userId }) => userId);
  const members = new Map<UserId, Member>();
  for (const [userId, own] of byUser) members.set(userId, own.at(-1) as Member);
  const active = [...members.values()].filter(isActive);
  return {
    conversation,
    version:
      conversation.kind === 'DIRECT' ? 0n : stays.reduce((version, stay) => maxSeq(version, lastEntry(stay)), 0n),
    memberCount: active.length,
    members,
    activeCount: active.length,
    isLarge: active.length > largeAbove,
    stays: (userId) => byUser.get(userId) ?? [],
    since: (seq) => stays.filter(({ leftSeq }) => leftSeq === null || leftSeq >= seq),
    active: () => active,
  };
}

/** The number of the last entry that changed a stay: members join with the entry after `joinedSeq`. */
function lastEntry({ joinedSeq, leftSeq }: Member): Seq {
  return leftSeq ?? joinedSeq + 1n;
}
