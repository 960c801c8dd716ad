/** Faults around a server, and its state as clients see it. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Answer, TestUser } from './heliograph.ts';

/** Takes the right to write a database away from the server, as a backup or a stuck disk does. Disposing of it gives it back. */
export function lockDatabase(dataDir: string, name: string, how: 'IMMEDIATE' | 'EXCLUSIVE'): Disposable {
  const database = new DatabaseSync(join(dataDir, name), { timeout: 5_000 });
  database.exec(`BEGIN ${how}`);
  return {
    [Symbol.dispose]() {
      if (database.isOpen) database.close();
    },
  };
}

/** Fails when it takes longer than a client would wait. */
export async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} was not answered within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The first error's code, and `null` when there is none. One that is not marked retryable has a mark. */
export function codeOf({ errors }: Answer): string | null {
  const [error] = errors ?? [];
  if (error === undefined) return null;
  return error.extensions.retryable === true ? String(error.extensions.code) : `${error.extensions.code} for good`;
}

/** One operation over the client's socket. */
export function overSocket(user: TestUser, query: string, variables: Record<string, unknown> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let answer: Answer | undefined;
    user.ws.subscribe(
      { query, variables },
      {
        next: (value) => {
          answer = value as unknown as Answer;
        },
        error: (error) =>
          Array.isArray(error)
            ? resolve({ data: null, errors: error.map((one) => one.toJSON?.() ?? one) })
            : reject(error),
        complete: () => (answer === undefined ? reject(new Error('no answer')) : resolve(answer)),
      },
    );
  });
}

/** All entries of a user's inbox, page by page. */
export async function readInbox(
  user: TestUser,
  fields = 'id seq text clientMessageId senderId',
): Promise<InboxEntry[]> {
  const entries: InboxEntry[] = [];
  const query = `query ($a: Seq!) { offlineMessages(afterSeq: $a, first: 500) { hasMore nextSeq entries { inboxSeq message { ${fields} } } } }`;
  for (let after = '0'; ; ) {
    const { offlineMessages: page } = await user.ask(query, { a: after });
    entries.push(...page.entries);
    if (!page.hasMore) return entries;
    after = page.nextSeq;
  }
}

export interface InboxEntry {
  readonly inboxSeq: string;
  // biome-ignore lint/suspicious/noExplicitAny: the fields asked for
  readonly message: any;
}

/** `1 … n`, as the wire has numbers. */
export const countUp = (n: number): string[] => Array.from({ length: n }, (_, index) => String(index + 1));
