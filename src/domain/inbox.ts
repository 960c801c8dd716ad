import type { ConversationId, Seq, UserId } from './ids.ts';

/**
 * One stored row of a user's inbox: the consecutive messages `fromSeq` to `toSeq` of a conversation.
 * A plain run takes one inbox number per message, from `seq` upwards. A truncated run takes the single number `seq`
 * for a backlog that is too long for the inbox; its messages are read through history.
 */
export interface InboxRun {
  readonly userId: UserId;
  readonly seq: Seq;
  readonly conversationId: ConversationId;
  readonly fromSeq: Seq;
  readonly toSeq: Seq;
  readonly truncated: boolean;
}

/** The last inbox number a run takes. */
export function lastInboxSeq(run: InboxRun): Seq {
  return run.truncated ? run.seq : run.seq + (run.toSeq - run.fromSeq);
}
