/** The files of a journal store, as a test looks into them and damages them. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteMessageStore } from '../../../src/stores/journal/sqlite-message-store.ts';
import type { MessageRow } from '../../../src/stores/message-log.ts';
import { temporaryFolder } from '../../support/folders.ts';

export const month = '2026-01';

export class JournalFiles implements Disposable {
  private readonly folder = temporaryFolder();
  /** The messages of the errors that the store has reported since it was last opened. */
  reports: string[] = [];

  async openStore(timeoutMs = 20_000, backlogMax?: number) {
    this.reports = [];
    const onError = (error: unknown) => void this.reports.push((error as Error).message);
    return openSqliteMessageStore({
      dataDir: this.folder.path,
      timeoutMs,
      onError,
      ...(backlogMax === undefined ? {} : { backlogMax }),
    });
  }

  open(name: 'journal.db' | 'messages.db'): DatabaseSync {
    return new DatabaseSync(join(this.folder.path, name), { timeout: 5_000 });
  }

  /** Makes the files as a store leaves them that was closed. */
  async create(): Promise<void> {
    await (await this.openStore())[Symbol.asyncDispose]();
  }

  /** Adds commits after the last applied one, while no store is open. */
  addCommits(...entries: string[]): void {
    const messages = this.open('messages.db');
    let last = messages.prepare('SELECT journal_id FROM applied').get()?.journal_id as number;
    messages.close();
    const journal = this.open('journal.db');
    for (const entry of entries) {
      last += 1;
      journal.prepare('INSERT INTO journal VALUES (?, ?)').run(last, entry);
    }
    journal.close();
  }

  [Symbol.dispose](): void {
    this.folder[Symbol.dispose]();
  }
}

/** The numbers and ids of a conversation's messages. */
export async function listOf(store: Awaited<ReturnType<JournalFiles['openStore']>>, conversationId = '1') {
  const [rows] = await store.messageLog.list([{ conversationId, month, fromSeq: 1n, toSeq: 1_000n, limit: 1_000 }]);
  return (rows as MessageRow[]).map(({ seq, id }) => [Number(seq), id]);
}
