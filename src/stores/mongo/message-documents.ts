/** Messages and seals as documents. */
import { entryKinds, kindOfCode, sealCode } from '../../domain/entry-kinds.ts';
import type { Append, MessageRow, Seal } from '../message-log.ts';
import type { MessageDocument } from './mongo-collections.ts';

/** The documents of an append, in order. */
export function documentsOf(append: Append): MessageDocument[] {
  return 'seal' in append ? [sealDocument(append.seal)] : append.rows.map(rowDocument);
}

function rowDocument(row: MessageRow): MessageDocument {
  const id = BigInt(row.id);
  return {
    _id: id,
    conversationId: BigInt(row.conversationId),
    seq: row.seq,
    kind: entryKinds[row.kind].code,
    ordinal: row.ordinal,
    membershipSeq: row.membershipSeq,
    senderId: BigInt(row.senderId),
    key: row.key,
    body: row.body,
    sentAt: new Date(row.sentAt),
    ...(row.followed ? {} : { unfollowed: id }),
  };
}

function sealDocument({ id, conversationId, seq, next }: Seal): MessageDocument {
  return { _id: BigInt(id), conversationId: BigInt(conversationId), seq, kind: sealCode, next };
}

export function isSeal({ kind }: MessageDocument): boolean {
  return kind === sealCode;
}

export function toSeal({ _id, conversationId, seq, next }: MessageDocument): Seal {
  return { id: String(_id), conversationId: String(conversationId), seq, next: next as string };
}

export function toRow(document: MessageDocument): MessageRow {
  const { _id, conversationId, seq, kind, unfollowed } = document;
  const { ordinal, membershipSeq, senderId, key, body, sentAt } = document as Required<MessageDocument>;
  return {
    id: String(_id),
    conversationId: String(conversationId),
    seq,
    ordinal,
    membershipSeq,
    kind: kindOfCode(kind),
    senderId: String(senderId),
    key,
    body,
    sentAt: sentAt.getTime(),
    followed: unfollowed === undefined,
  };
}
