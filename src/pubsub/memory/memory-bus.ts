/** The bus of a single process: receivers are called at once, in the order they subscribed. */
import type { Bus } from '../bus.ts';

export function createMemoryBus({ onError }: { onError: (error: unknown, what: string) => void }): Bus {
  type Receive = (payload: never) => void;
  // One receiver is the rule (a user's stream), so it is kept without a set.
  const topics = new Map<string, Receive | Set<Receive>>();

  function call(receive: Receive, payload: unknown, topic: string): void {
    try {
      receive(payload as never);
    } catch (error) {
      // The kind of topic only: this becomes a metric's label, and ids would make it one label per user.
      onError(error, `receiver of ${topic.split(':', 1)[0]}`);
    }
  }

  return {
    publish({ name }, payload) {
      const receivers = topics.get(name);
      if (receivers === undefined) return;
      if (typeof receivers === 'function') call(receivers, payload, name);
      // A receiver that ends its subscription meanwhile is not called any more; one that comes meanwhile waits for the next.
      else for (const receive of [...receivers]) if (receivers.has(receive)) call(receive, payload, name);
    },

    async subscribe({ name }, receive) {
      // Wrapped, so that the same function subscribed twice is called twice and ends one at a time.
      const own: Receive = (payload) => receive(payload);
      const receivers = topics.get(name);
      if (receivers === undefined) topics.set(name, own);
      else if (typeof receivers === 'function') topics.set(name, new Set([receivers, own]));
      else receivers.add(own);
      return () => {
        const present = topics.get(name);
        if (present === own) topics.delete(name);
        else if (present instanceof Set && present.delete(own) && present.size === 0) topics.delete(name);
      };
    },

    // It is never interrupted.
    onReconnect: () => () => {},
  };
}
