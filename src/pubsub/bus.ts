/**
 * Carries hints between services and instances. A hint may be lost, doubled or late without harm: receivers compare numbers
 * and read the store. Payloads are shared by all receivers of an instance and must not be changed.
 */
import type { Topic } from './topics.ts';

export interface Bus {
  /** Hands a hint over; never rejects, and does not wait for receivers. */
  publish<T>(topic: Topic<T>, payload: T): void;
  /**
   * Resolves when the subscription is in force: what is published afterwards, anywhere, is received unless lost.
   * The receiver must not throw and returns quickly.
   *
   * @returns a function that ends the subscription, at once and for good
   * @throws DomainError `UNAVAILABLE` (retryable): the bus did not answer in time
   */
  subscribe<T>(topic: Topic<T>, receive: (payload: T) => void): Promise<() => void>;
  /** Called after the bus has come back from an interruption: hints may have been lost until now. */
  onReconnect(listener: () => void): () => void;
}
