/**
 * Recognises messages that a stream brings a second time. Live messages of large groups have no inbox number yet. A stream that
 * reconnects before they get it, and its position with it, brings them again with their number.
 */

/** More than arrives in the moment before a reconnect. */
const idsMax = 1_000;

interface Event {
  readonly inboxSeq?: string | null;
  readonly message?: { readonly id: string };
}

export function createRepeatFilter(): (event: Event) => boolean {
  const unnumbered = new Set<string>();
  return ({ inboxSeq, message }) => {
    if (message === undefined) return false;
    if (unnumbered.has(message.id)) return true;
    if (inboxSeq === null) unnumbered.add(message.id);
    const [oldest] = unnumbered;
    if (unnumbered.size > idsMax && oldest !== undefined) unnumbered.delete(oldest);
    return false;
  };
}
