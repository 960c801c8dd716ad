/**
 * Carries hints between services and instances. A hint may be lost, duplicated or late without harm: receivers compare numbers
 * and read the store. Payloads are shared by all receivers of an instance and must not be changed.
 */
import type { Topic } from './topics.ts';

export interface Bus {
  /** Sends a hint. Never rejects, and does not wait for receivers. */
  publish<T>(topic: Topic<T>, payload: T): void;
  /**
   * Resolves when the subscription is active: hints published afterwards by any instance are received unless lost.
   * The receiver must not throw and returns quickly.
   *
   * @returns a function that ends the subscription immediately
   * @throws DomainError `UNAVAILABLE` (retryable): the bus did not answer in time
   */
  subscribe<T>(topic: Topic<T>, receive: (payload: T) => void): Promise<() => void>;
  /** Called after the bus has recovered from an interruption: earlier hints may have been lost. */
  onReconnect(listener: () => void): () => void;
}
