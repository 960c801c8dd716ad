/** Drafts of one conversation that wait to be written together, with the callers that wait for them. */
import type { Conversation } from '../../domain/conversation.ts';
import type { Draft, Message } from '../../domain/message.ts';
import type { Month } from '../../domain/month.ts';
import type { SegmentChain } from './segment-chain.ts';

export interface Appended {
  readonly message: Message;
  /** True if the draft was stored before. */
  readonly resend: boolean;
}

/** A draft that waits to be written, with the caller that waits for it. */
export interface Waiting {
  readonly draft: Draft;
  readonly body: string;
  readonly conversation: Conversation;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** Other drafts of the same batch with the same key. Each is compared with the stored message. */
  readonly twins?: readonly Waiting[];
}

/** The unsent drafts of one conversation. */
export interface UnsentBatch {
  readonly conversation: Conversation;
  readonly chain: SegmentChain;
  /** Drafts that are not written yet, in order. */
  waiting: Waiting[];
  /** Number of the chain's sealed segments that have been searched for resends. */
  segmentsAsked: number;
  /** The month of an append without an answer yet. */
  unansweredMonth: Month | null;
  /** Whether the store has shown that the head in memory is out of date. */
  isStale: boolean;
  /** Whether the tail was read for this batch. */
  isTailRead: boolean;
  /** How often it was tried in vain. */
  attempts: number;
}

export function createBatch(chain: SegmentChain, conversation: Conversation, waiting: Waiting[]): UnsentBatch {
  return {
    conversation,
    chain,
    waiting,
    segmentsAsked: 0,
    unansweredMonth: null,
    isStale: false,
    isTailRead: false,
    attempts: 0,
  };
}
