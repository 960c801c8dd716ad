/**
 * How many bytes operations hold: the rows that they have read, and the answers that are made of them.
 *
 * Bytes are counted when rows arrive from a store, and again for every text and every item that goes into an answer: an alias of a
 * field makes the answer longer without another read. They are given back when the answer has been sent.
 */
import { inTime } from './deadline.ts';
import { DomainError } from './errors.ts';

export interface ByteLimits {
  /** Bytes that one operation may hold. */
  readonly answerMaxBytes: number;
  /** Bytes that all operations together may hold. */
  readonly answersMaxBytes: number;
}

/** An operation that holds more than this may take part in three quarters of the whole, so that large ones leave room for others. */
const largeBytes = 1024 * 1024;
const largeShare = 0.75;
/** Reads under way at a time. Each answers with rows before they can be counted. */
const readsMax = 32;
/** How long a read waits for its turn. */
const turnTimeoutMs = 5_000;

/** The bytes of all operations of the process. */
export class ByteBudgets {
  /** Bytes that one operation may hold. */
  readonly answerMax: number;
  /** Bytes that all of them may hold: a large operation must fit beside others, or it would be told to try again for ever. */
  readonly answersMax: number;
  /** Receives the name of a limit, once for each operation that exceeds it. */
  readonly onRefused: (limit: string) => void;
  held = 0;
  private reading = 0;
  private readonly turns: (() => void)[] = [];

  constructor(limits: ByteLimits, onRefused: (limit: string) => void) {
    this.answerMax = limits.answerMaxBytes;
    this.answersMax = Math.max(limits.answersMaxBytes, 2 * limits.answerMaxBytes);
    this.onRefused = onRefused;
  }

  /** The budget of one operation; it must be released. */
  open(): ByteBudget {
    return new ByteBudget(this, this.answerMax, true);
  }

  /** The budget of a stream's page, which is bounded by its number of messages. */
  openPage(): ByteBudget {
    return new ByteBudget(this, Number.POSITIVE_INFINITY, true);
  }

  /** The budget of one event, which is gone at once: it counts for itself only, and need not be released. */
  openEvent(): ByteBudget {
    return new ByteBudget(this, this.answerMax, false);
  }

  /** @throws DomainError `OVERLOADED`: other reads took too long */
  async takeTurn(): Promise<void> {
    if (this.reading < readsMax) {
      this.reading += 1;
      return;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    this.turns.push(resolve);
    try {
      await inTime(promise, turnTimeoutMs, () => overloaded('The server reads too much at the moment.'));
    } catch (error) {
      const index = this.turns.indexOf(resolve);
      if (index >= 0) this.turns.splice(index, 1);
      else this.endTurn();
      throw error;
    }
  }

  /** Passes the turn on to the read that has waited longest. */
  endTurn(): void {
    const next = this.turns.shift();
    if (next === undefined) this.reading -= 1;
    else next();
  }
}

/** The bytes of one operation. */
export class ByteBudget {
  private readonly all: ByteBudgets;
  private readonly max: number;
  /** Whether its bytes count for the process. */
  private readonly isCounted: boolean;
  private held = 0;
  /** Why it takes no more; null while it does. */
  refusal: DomainError | null = null;
  /** The last read, which the next one waits for: their rows are counted before more are read. */
  private last: Promise<unknown> | null = null;

  constructor(all: ByteBudgets, max: number, isCounted: boolean) {
    this.all = all;
    this.max = max;
    this.isCounted = isCounted;
  }

  /** Bytes that the operation holds. */
  get bytes(): number {
    return this.held;
  }

  /**
   * @throws DomainError `QUERY_TOO_COMPLEX`: the operation holds too much
   * @throws DomainError `OVERLOADED`: all operations together hold too much
   */
  take(bytes: number): void {
    if (this.refusal !== null) throw this.refusal;
    this.held += bytes;
    if (this.isCounted) this.all.held += bytes;
    if (this.held > this.max) this.refuse('answerBytes', tooLarge(this.max));
    const share = this.held > largeBytes ? largeShare : 1;
    if (this.isCounted && this.all.held > this.all.answersMax * share)
      this.refuse('answersBytes', overloaded('The server holds too many bytes of answers at the moment.'));
  }

  private refuse(limit: string, refusal: DomainError): never {
    this.refusal = refusal;
    this.all.onRefused(limit);
    throw refusal;
  }

  /** Reads rows and counts them, after the earlier reads of the operation; nothing is read once the budget is exceeded. */
  async load<T>(read: () => Promise<T>, bytesOf: (rows: T) => number): Promise<T> {
    const before = this.last;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.last = promise;
    await before;
    try {
      this.take(0);
      await this.all.takeTurn();
      try {
        const rows = await read();
        this.take(bytesOf(rows));
        return rows;
      } finally {
        this.all.endTurn();
      }
    } finally {
      resolve();
    }
  }

  /**
   * Gives everything back when the operation has ended. Fields that still run then, beside one whose failure has ended their parent, get
   * no more: nobody would give that back. Safe to call again.
   */
  release(): void {
    if (this.isCounted) this.all.held -= this.held;
    this.held = 0;
    this.refusal ??= new DomainError('UNAVAILABLE', 'The operation has ended.');
  }
}

function tooLarge(max: number): DomainError {
  const message = `Operation reads and answers more than ${max} bytes; request fewer or smaller items at once.`;
  return new DomainError('QUERY_TOO_COMPLEX', message, { details: { max } });
}

function overloaded(message: string): DomainError {
  return new DomainError('OVERLOADED', message);
}
