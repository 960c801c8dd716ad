/**
 * The content of one commit: a list of operations as one row of JSON in the journal. They are facts, not requests: all checks
 * were made before, so applying them again in the same order gives the same tables.
 */
import { entryKinds, kindOfCode } from '../../domain/entry-kinds.ts';
import type { ConversationId, DeviceId, MessageId, Millis, UserId } from '../../domain/ids.ts';
import type { InboxRun } from '../../domain/inbox.ts';
import type { Month } from '../../domain/month.ts';
import type { MessageRow, Seal } from '../message-log.ts';
import type { Receipt } from '../receipt-store.ts';

export type Operation =
  | { readonly type: 'message'; readonly month: Month; readonly row: MessageRow }
  | { readonly type: 'seal'; readonly month: Month; readonly seal: Seal }
  /** `activeAt`: the user's conversation was active at that time. */
  | { readonly type: 'run'; readonly run: InboxRun; readonly activeAt?: Millis }
  | { readonly type: 'receipt'; readonly receipt: Receipt }
  /** Null: the conversation is not in the user's list any more. */
  | {
      readonly type: 'active';
      readonly userId: UserId;
      readonly conversationId: ConversationId;
      readonly at: Millis | null;
    }
  | { readonly type: 'acked'; readonly userId: UserId; readonly deviceId: DeviceId; readonly seq: bigint }
  | { readonly type: 'followed'; readonly month: Month; readonly id: MessageId };

/** Arrays, because the names of objects would be half of each row. Numbers that can exceed 2^53 are texts. */
export function encodeOperations(operations: readonly Operation[]): string {
  return JSON.stringify(operations.map(toArray));
}

/** An operation that cannot be read, as the journal has it, and why. */
export interface UnreadableOperation {
  readonly text: string;
  readonly problem: unknown;
}

/** Reads the readable operations of an entry. Never throws. */
export function decodeOperations(entry: string): { operations: Operation[]; unreadable: UnreadableOperation[] } {
  const operations: Operation[] = [];
  const unreadable: UnreadableOperation[] = [];
  let arrays: unknown[];
  try {
    arrays = JSON.parse(entry) as unknown[];
  } catch (problem) {
    return { operations, unreadable: [{ text: entry, problem }] };
  }
  for (const array of arrays) {
    try {
      operations.push(fromArray(array as unknown[]));
    } catch (problem) {
      unreadable.push({ text: JSON.stringify(array), problem });
    }
  }
  return { operations, unreadable };
}

function toArray(operation: Operation): unknown[] {
  switch (operation.type) {
    case 'message': {
      const { id, conversationId, seq, ordinal, membershipSeq, kind, senderId, key, body, sentAt } = operation.row;
      const numbers = [id, conversationId, String(seq), String(ordinal), entryKinds[kind].code];
      return ['m', operation.month, ...numbers, senderId, key, body, sentAt, String(membershipSeq)];
    }
    case 'seal': {
      const { id, conversationId, seq, next } = operation.seal;
      return ['s', operation.month, id, conversationId, String(seq), next];
    }
    case 'run': {
      const { userId, seq, conversationId, fromSeq, toSeq, truncated } = operation.run;
      const array = ['i', userId, String(seq), conversationId, String(fromSeq), String(toSeq), truncated ? 1 : 0];
      return operation.activeAt === undefined ? array : [...array, operation.activeAt];
    }
    case 'receipt': {
      const { conversationId, userId, deliveredSeq, readSeq } = operation.receipt;
      return ['r', conversationId, userId, String(deliveredSeq), String(readSeq)];
    }
    case 'active':
      return ['v', operation.userId, operation.conversationId, operation.at];
    case 'acked':
      return ['a', operation.userId, operation.deviceId, String(operation.seq)];
    case 'followed':
      return ['f', operation.month, operation.id];
  }
}

function fromArray(array: unknown[]): Operation {
  const [type, ...rest] = array as [string, ...string[]];
  const text = (index: number) => rest[index] as string;
  switch (type) {
    case 'm': {
      const row: MessageRow = {
        id: text(1),
        conversationId: text(2),
        seq: BigInt(text(3)),
        ordinal: BigInt(text(4)),
        membershipSeq: BigInt(text(10)),
        kind: kindOfCode(array[6] as number),
        senderId: text(6),
        key: text(7),
        body: text(8),
        sentAt: array[10] as number,
        followed: false,
      };
      return { type: 'message', month: text(0), row };
    }
    case 's': {
      const seal = { id: text(1), conversationId: text(2), seq: BigInt(text(3)), next: text(4) };
      return { type: 'seal', month: text(0), seal };
    }
    case 'i': {
      const run: InboxRun = {
        userId: text(0),
        seq: BigInt(text(1)),
        conversationId: text(2),
        fromSeq: BigInt(text(3)),
        toSeq: BigInt(text(4)),
        truncated: array[6] === 1,
      };
      const activeAt = array[7] as Millis | undefined;
      return activeAt === undefined ? { type: 'run', run } : { type: 'run', run, activeAt };
    }
    case 'r': {
      const receipt = {
        conversationId: text(0),
        userId: text(1),
        deliveredSeq: BigInt(text(2)),
        readSeq: BigInt(text(3)),
      };
      return { type: 'receipt', receipt };
    }
    case 'v':
      return { type: 'active', userId: text(0), conversationId: text(1), at: array[3] as Millis | null };
    case 'a':
      return { type: 'acked', userId: text(0), deviceId: text(1), seq: BigInt(text(2)) };
    case 'f':
      return { type: 'followed', month: text(0), id: text(1) };
    default:
      throw new Error(`unknown operation ${type} in the journal`);
  }
}
