/** Values in one statement: SQLite binds 32,766 at most, and a lock is held no longer than it must be. */
const chunkMax = 500;

/** Asks for a long list piece by piece, one after the other, and puts the answers together. */
export async function inChunks<Value, Answer>(
  values: readonly Value[],
  call: (chunk: Value[]) => Promise<Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let start = 0; start < values.length; start += chunkMax) {
    for (const answer of await call(values.slice(start, start + chunkMax))) answers.push(answer);
  }
  return answers;
}
