/**
 * The statuses of the viewer's own messages in Apollo Client's cache. An event names a range of numbers, and concerns messages that
 * are loaded and messages that are not. It is kept as a range, and each read of a status looks at the ranges.
 */
import type { FieldPolicy } from '@apollo/client';

/** The viewer's own messages after one number, up to another, have at least this status. */
export interface StatusRange {
  readonly senderId: string;
  readonly status: string;
  readonly after: string;
  readonly upTo: string;
}

const ranks: Readonly<Record<string, number>> = { FAILED: 0, SENDING: 0, SENT: 1, DELIVERED: 2, READ: 3 };

/** The answer to a send says SENT, and may arrive after events about later statuses of the message. */
export function later(known: string | undefined, next: string): string {
  return known !== undefined && (ranks[known] ?? 0) > (ranks[next] ?? 0) ? known : next;
}

export const status: FieldPolicy<string> = {
  merge: (known, next) => later(known, next),
  read(known, { readField }) {
    const [seq, senderId] = [readField<string>('seq'), readField<string>('senderId')];
    if (known === undefined || seq == null) return known;
    const ranges = readField<readonly StatusRange[]>({
      fieldName: 'statusRanges',
      args: { conversationId: readField<string>('conversationId') },
      from: { __ref: 'ROOT_QUERY' },
    });
    return (ranges ?? [])
      .filter((range) => range.senderId === senderId && isIn(range, BigInt(seq)))
      .reduce((status, range) => later(status, range.status), known);
  },
};

const isIn = ({ after, upTo }: StatusRange, seq: bigint) => seq > BigInt(after) && seq <= BigInt(upTo);

/**
 * Written with one range at a time. Others read in the order of the numbers: an event that was lost between two ranges, while there was
 * no connection, was about the numbers between them. So there is one range for each status.
 */
export const statusRanges: FieldPolicy<readonly StatusRange[]> = {
  merge: (known = [], [range]) => {
    if (range === undefined) return known;
    const before = known.find(({ status, senderId }) => status === range.status && senderId === range.senderId);
    return [...known.filter((other) => other !== before), before === undefined ? range : join(before, range)];
  },
};

const join = (a: StatusRange, b: StatusRange): StatusRange => ({
  ...a,
  after: BigInt(a.after) < BigInt(b.after) ? a.after : b.after,
  upTo: BigInt(a.upTo) > BigInt(b.upTo) ? a.upTo : b.upTo,
});
