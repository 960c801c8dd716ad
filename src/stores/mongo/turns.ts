/** Lets calls with the same key run one after the other, in the order in which they came. Others run at once. */
export interface Turns {
  take<T>(key: string, call: () => Promise<T>): Promise<T>;
}

export function createTurns(): Turns {
  /** The last call of each key, until it has ended. */
  const last = new Map<string, Promise<unknown>>();
  return {
    take(key, call) {
      const before = last.get(key);
      const answer = before === undefined ? call() : before.then(call, call);
      last.set(key, answer);
      const forget = () => {
        if (last.get(key) === answer) last.delete(key);
      };
      answer.then(forget, forget);
      return answer;
    },
  };
}
