/** Ids are Snowflakes as decimal strings: exact on every wire, and ordered by the time they were made. */
export type UserId = string;
export type DeviceId = string;
export type ConversationId = string;
export type MessageId = string;

/** A count from 1 upwards; 0 stands before the first. Exact at any size, hence not a `number`. */
export type Seq = bigint;

/** Epoch milliseconds, UTC. */
export type Millis = number;

/** Where the time comes from; tests pass their own. */
export type Clock = () => Millis;

const idPattern = /^[1-9]\d{0,18}$/;
const idMax = 2n ** 63n - 1n;

/** Whether a client's text can be an id at all: a positive 63-bit decimal without leading zeros. */
export function isId(text: string): boolean {
  return idPattern.test(text) && (text.length < 19 || BigInt(text) <= idMax);
}

/** Orders ids by the time they were made. Any text may be compared. */
export function compareIds(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : Number(a > b)) : a.length - b.length;
}

export function maxSeq(a: Seq, b: Seq): Seq {
  return a > b ? a : b;
}

export function minSeq(a: Seq, b: Seq): Seq {
  return a < b ? a : b;
}
