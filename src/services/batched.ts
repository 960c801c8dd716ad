/** Merges the calls of one moment into one call for all of their keys. */
export function batched<Key, Value>(
  load: (keys: readonly Key[]) => Promise<readonly Value[]>,
): (key: Key) => Promise<Value> {
  let waiting: { key: Key; resolve: (value: Value) => void; reject: (error: unknown) => void }[] = [];

  async function flush(): Promise<void> {
    const calls = waiting;
    waiting = [];
    try {
      const values = await load(calls.map(({ key }) => key));
      calls.forEach(({ resolve }, index) => {
        resolve(values[index] as Value);
      });
    } catch (error) {
      for (const { reject } of calls) reject(error);
    }
  }

  return (key) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) queueMicrotask(() => void flush());
      waiting.push({ key, resolve, reject });
    });
}
