/**
 * Decides who may write. A draft is written only if its sender is a member after the head that it follows, judged by a member list
 * at least as new as that head's `membershipSeq`. If another writer is faster, the head is another one, and so is the question.
 */
import { entryKinds } from '../../domain/entry-kinds.ts';
import type { ConversationId, Seq, UserId } from '../../domain/ids.ts';
import type { UnsentBatch, Waiting } from './draft-batch.ts';

/** The log's view of the member lists. */
export interface Membership {
  /**
   * Of these users, those who are members according to a list at `version` or later.
   *
   * @throws DomainError `UNAVAILABLE`: no such list can be had
   */
  membersAt(
    id: ConversationId,
    version: Seq,
    userIds: readonly UserId[],
  ): ReadonlySet<UserId> | Promise<ReadonlySet<UserId>>;
}

/** The members among the senders of a batch, as the chain's head has it now. */
export function membersAmongSenders(
  membership: Membership,
  { conversation, chain, waiting }: UnsentBatch,
): ReadonlySet<UserId> | Promise<ReadonlySet<UserId>> {
  const [first, ...others] = waiting;
  const userIds = new Set<UserId>(first === undefined ? [] : [first.draft.senderId]);
  for (const { draft } of others) userIds.add(draft.senderId);
  return membership.membersAt(conversation.id, chain.head.membershipSeq, [...userIds]);
}

/** The drafts of a batch whose senders are not members. The entry that brings in the first members needs none. */
export function draftsOfOthers({ chain, waiting }: UnsentBatch, members: ReadonlySet<UserId>): Waiting[] {
  const isFirst = chain.head.membershipSeq === 0n;
  return waiting.filter(
    ({ draft }) => !members.has(draft.senderId) && !(isFirst && entryKinds[draft.kind].changesMembers),
  );
}
