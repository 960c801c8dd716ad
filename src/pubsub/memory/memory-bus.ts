/** The bus of a single process: receivers are called immediately, in the order of their subscriptions. */
import type { Bus } from '../bus.ts';

export function createMemoryBus({ onError }: { onError: (error: unknown, what: string) => void }): Bus {
  /** Each subscription has its own object, so that a function subscribed twice is called twice and ends one at a time. */
  interface Receiver {
    readonly receive: (payload: never) => void;
  }
  // Most topics have one receiver (a user's stream), which is stored without a set.
  const topics = new Map<string, Receiver | Set<Receiver>>();

  function call(receiver: Receiver, payload: unknown, topic: string): void {
    try {
      receiver.receive(payload as never);
    } catch (error) {
      // Only the kind of topic, because this becomes a metric's label, and ids would create one label per user.
      onError(error, `receiver of ${topic.split(':', 1)[0]}`);
    }
  }

  return {
    publish({ name }, payload) {
      const receivers = topics.get(name);
      if (receivers === undefined) return;
      if (!(receivers instanceof Set)) call(receivers, payload, name);
      // A receiver that unsubscribes during the loop is no longer called; one that subscribes during it waits for the next hint.
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

    // This bus is never interrupted.
    onReconnect: () => () => {},
  };
}
