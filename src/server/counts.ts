/** How many of something each user or address has, up to a maximum. */
export type Counts<Key> = ReturnType<typeof createCounts<Key>>;

export function createCounts<Key>(max: number) {
  const counts = new Map<Key, number>();
  let total = 0;

  function add(key: Key, by: number): void {
    const next = (counts.get(key) ?? 0) + by;
    if (next > 0) counts.set(key, next);
    else counts.delete(key);
    total += by;
  }

  const isFull = (key: Key) => (counts.get(key) ?? 0) >= max;

  return {
    isFull,
    /** Returns false, and counts nothing, if the maximum would be exceeded. */
    take(key: Key, amount = 1): boolean {
      if ((counts.get(key) ?? 0) + amount > max) return false;
      add(key, amount);
      return true;
    },
    /** Counts one that exists already, even above the maximum. */
    add: (key: Key) => add(key, 1),
    release: (key: Key, amount = 1) => add(key, -amount),
    get total(): number {
      return total;
    },
  };
}
