/**
 * The thread that moves the journal into the tables, many rows at a time, because indexes are cheapest to update in bulk. It runs at
 * a low priority, so that commits go first on a busy core. Operations that are not moved yet are read from the commit thread's
 * memory.
 */
import os from 'node:os';
import { type MessagePort, workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite-file/database.ts';
import { isPassing } from '../sqlite-file/sqlite-errors.ts';
import { createJournalReader } from './journal.ts';
import { createMover } from './mover.ts';

/** Messages from the mover to the commit thread. */
export type MoverMessage =
  /** The tables contain everything up to this journal row, and are flushed. */
  | { readonly type: 'moved'; readonly applied: number }
  /** The move failed, and not because of a lock or a full disk. */
  | { readonly type: 'failed'; readonly problem: unknown }
  /** A line for the log. */
  | { readonly type: 'report'; readonly report: Error };

const { messagesPath, journalPath, lockWaitMs, port } = workerData as {
  messagesPath: string;
  journalPath: string;
  lockWaitMs: number;
  port: MessagePort;
};

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
const post = (message: MoverMessage) => port.postMessage(message);
const mover = createMover({
  rowsAfter: createJournalReader(journal),
  messages,
  onReport: (report) => post({ type: 'report', report }),
});
let backlog = 1;
let timer: NodeJS.Timeout | undefined;

function move(): void {
  timer = undefined;
  try {
    const moved = mover.move();
    if (moved === null) {
      backlog = 0;
      return;
    }
    backlog = Math.max(0, backlog - moved.operations);
    post({ type: 'moved', applied: moved.applied });
    schedule(backlog >= moveAtOnce ? 0 : idleMs);
  } catch (problem) {
    // The journal keeps everything, and reads use memory in the meantime.
    if (!isPassing(problem)) post({ type: 'failed', problem });
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
