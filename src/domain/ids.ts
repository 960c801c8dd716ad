/** Ids are Snowflakes as decimal strings: exact on every wire, and ordered by the time of their creation. */
export type UserId = string;
export type DeviceId = string;
export type ConversationId = string;
export type MessageId = string;

/** A sequence number, 1 or more; 0 is the position before the first. A `number` would not be exact at any size. */
export type Seq = bigint;

/** Epoch milliseconds, UTC. */
export type Millis = number;

/** The source of the time; tests pass their own. */
export type Clock = () => Millis;

const idPattern = /^[1-9]\d{0,18}$/;
const idMax = 2n ** 63n - 1n;

/** Whether a client's text can be an id at all: a positive 63-bit decimal without leading zeros. */
export function isId(text: string): boolean {
  return idPattern.test(text) && (text.length < 19 || BigInt(text) <= idMax);
}

/** Orders ids by the time of their creation. Accepts any text. */
export function compareIds(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : Number(a > b)) : a.length - b.length;
}

export function maxSeq(a: Seq, b: Seq): Seq {
  return a > b ? a : b;
}

export function minSeq(a: Seq, b: Seq): Seq {
  return a < b ? a : b;
}
