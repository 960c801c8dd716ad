/** The bus of a single process: receivers are called at once, in the order they subscribed. */
import type { Bus } from '../bus.ts';

export function createMemoryBus({ onError }: { onError: (error: unknown, what: string) => void }): Bus {
  /** One of its own for each subscription, so that a function subscribed twice is called twice and ends one at a time. */
  interface Receiver {
    readonly receive: (payload: never) => void;
  }
  // One receiver is the rule (a user's stream), so it is kept without a set.
  const topics = new Map<string, Receiver | Set<Receiver>>();

  function call(receiver: Receiver, payload: unknown, topic: string): void {
    try {
      receiver.receive(payload as never);
    } catch (error) {
      // The kind of topic only: this becomes a metric's label, and ids would make it one label per user.
      onError(error, `receiver of ${topic.split(':', 1)[0]}`);
    }
  }

  return {
    publish({ name }, payload) {
      const receivers = topics.get(name);
      if (receivers === undefined) return;
      if (!(receivers instanceof Set)) call(receivers, payload, name);
      // A receiver that ends its subscription meanwhile is not called any more; one that comes meanwhile waits for the next.
      else for (const receiver of [...receivers]) if (receivers.has(receiver)) call(receiver, payload, name);
    },

    async subscribe({ name }, receive) {
      const own: Receiver = { receive };
      const receivers = topics.get(name);
      if (receivers === undefined) topics.set(name, own);
      else if (!(receivers instanceof Set)) topics.set(name, new Set([receivers, own]));
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
