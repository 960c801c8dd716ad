/** Maximum number of values in one statement. SQLite binds at most 32,766; a smaller number keeps locks short. */
const chunkMax = 500;

/** Requests a long list in chunks, one after the other, and joins the answers. */
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
