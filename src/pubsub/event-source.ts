/** The port between a service with live events and a transport: events are pushed, and the transport reports a slow reader. */

/** Receives a subscription's events. There is one sink per running operation. */
export interface EventSink<E> {
  /**
   * Accepts an event.
   *
   * @param shared - set if the same event goes to many subscribers, so that it is executed once per distinct selection
   * @returns false if the reader is slow: push no more until `onReady` calls, and read the missed events from the store
   */
  push(event: E, shared?: SharedEvent): boolean;
  /** Sets the callback that runs each time a slow reader has caught up. Replaces the previous one. */
  onReady(callback: () => void): void;
  /** Ends the operation with an error. */
  fail(error: unknown): void;
  /** Ends the operation as complete. */
  end(): void;
}

/** Marks an event that looks the same to every subscriber except for its inbox number. */
export interface SharedEvent {
  /** The same object for all subscribers of one event. Renderings are cached for the lifetime of this object. */
  readonly key: object;
  /** This subscriber's own `MessageReceived.seq`, the only difference between subscribers. */
  readonly seq: bigint | null;
}

export interface EventSource<E> {
  /**
   * Starts the events. Errors (such as CURSOR_AHEAD) reject and become the operation's error.
   *
   * @returns a function that ends the events and releases their resources; nothing is pushed afterwards
   */
  open(sink: EventSink<E>): Promise<() => void>;
}
