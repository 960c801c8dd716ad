/** Drafts of one conversation that wait to be written together, and who waits for them. */
import type { Conversation } from '../../domain/conversation.ts';
import type { Draft, Message } from '../../domain/message.ts';
import type { Month } from '../../domain/month.ts';
import type { SegmentChain } from './segment-chain.ts';

export interface Appended {
  readonly message: Message;
  /** True when the draft had been stored before. */
  readonly resend: boolean;
}

/** A draft that waits to be written, and who waits for it. */
export interface Waiting {
  readonly draft: Draft;
  readonly body: string;
  readonly conversation: Conversation;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** Others of the same batch with the same key: each is compared with what is stored. */
  readonly twins?: readonly Waiting[];
}

/** What one conversation wants written. */
export interface UnsentBatch {
  readonly conversation: Conversation;
  readonly chain: SegmentChain;
  /** Still to be written, in order. */
  waiting: Waiting[];
  /** How many of the chain's sealed segments have been asked for resends. */
  segmentsAsked: number;
  /** The month of an append that is not answered yet. */
  unansweredMonth: Month | null;
}
