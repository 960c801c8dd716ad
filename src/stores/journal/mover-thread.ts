/**
 * Moves rows of the journal into the indexed tables, many at a time, because indexes are cheapest to update in bulk. It runs at a
 * low priority, so that commits go first on a busy core. Operations that are not moved yet are read from the commit thread's memory.
 *
 * The tables and the number of the last journal row in them change in one transaction, flushed to the disk, before the
 * journal rows are deleted. After an interruption at any point, the next start finds each row in exactly one of the two.
 */
import os from 'node:os';
import { type MessagePort, workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite-file/database.ts';
import { decodeOperations, type Operation } from './journal-entry.ts';
import { createTableWriter } from './table-writer.ts';

const { messagesPath, journalPath, lockWaitMs, port } = workerData as {
  messagesPath: string;
  journalPath: string;
  lockWaitMs: number;
  port: MessagePort;
};

/** Operations in one transaction. */
const moveMax = 4_000;
/** A backlog of this size is moved immediately, a smaller one after `idleMs`. */
const moveAtOnce = 4_000;
const idleMs = 250;
const retryMs = 500;

try {
  os.setPriority(0, 10); // On Linux 0 means the calling thread.
} catch {
  // Not permitted on this system: the thread keeps the normal priority.
}

const journal = openDatabase(journalPath, lockWaitMs);
const messages = openDatabase(messagesPath, lockWaitMs);
// Pages that many moves rewrite, such as the ends of indexes, are copied into the file once. At most 32 MiB of pages wait.
messages.exec('PRAGMA wal_autocheckpoint = 8000');
const writer = createTableWriter(messages);
let applied = Number(messages.prepare('SELECT journal_id FROM applied').get()?.journal_id ?? 0);
const nextEntries = journal.prepare('SELECT id, entry FROM journal WHERE id > ? ORDER BY id');
let backlog = 1;
let timer: NodeJS.Timeout | undefined;

function move(): void {
  timer = undefined;
  try {
    const operations: Operation[] = [];
    let last = applied;
    for (const { id, entry } of nextEntries.iterate(applied)) {
      operations.push(...decodeOperations(entry as string));
      last = id as number;
      if (operations.length >= moveMax) break;
    }
    if (operations.length === 0) {
      backlog = 0;
      return;
    }
    writer.applyAll(operations, last);
    applied = last;
    backlog = Math.max(0, backlog - operations.length);
    port.postMessage({ applied });
    schedule(backlog >= moveAtOnce ? 0 : idleMs);
  } catch {
    // Locked or full: the journal keeps everything, and reads use memory in the meantime.
    schedule(retryMs);
  }
}

function schedule(ms: number): void {
  timer ??= setTimeout(move, ms);
}

port.on('message', (message: 'close' | { backlog: number }) => {
  if (message === 'close') {
    clearTimeout(timer);
    journal.close();
    messages.close();
    port.close();
    return;
  }
  backlog = message.backlog;
  if (backlog >= moveAtOnce && timer !== undefined) {
    clearTimeout(timer);
    timer = undefined;
    schedule(0);
  } else {
    schedule(idleMs);
  }
});
schedule(0);
