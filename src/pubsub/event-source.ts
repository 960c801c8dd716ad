/** How a service hands live events to whoever carries them to a client: pushed, with the reader's pace told back. */

/** Where a subscription's events go: one per running operation. */
export interface EventSink<E> {
  /**
   * Hands an event over; it is always taken.
   *
   * @param shared - set when the same event goes to many subscribers, so that it is executed once per distinct selection
   * @returns false when the reader is slow: push no more until `onReady` calls, and reread what was missed from the store
   */
  push(event: E, shared?: SharedEvent): boolean;
  /** Registers what to call, each time, when a slow reader has caught up. Replaces the former callback. */
  onReady(callback: () => void): void;
  /** Ends the operation with an error. */
  fail(error: unknown): void;
  /** Ends the operation as complete. */
  end(): void;
}

/** Says that an event looks the same to everybody, but for its inbox number. */
export interface SharedEvent {
  /** The same object for all subscribers of one event; renderings are cached on it for as long as it lives. */
  readonly key: object;
  /** This subscriber's own `MessageReceived.seq`; the only thing that differs between them. */
  readonly seq: bigint | null;
}

export interface EventSource<E> {
  /**
   * Starts the events. Errors (such as CURSOR_AHEAD) reject and become the operation's error.
   *
   * @returns ends it: nothing is pushed afterwards, and everything held for it is released
   */
  open(sink: EventSink<E>): Promise<() => void>;
}
