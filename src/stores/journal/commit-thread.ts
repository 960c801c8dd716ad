/**
 * The thread that commits. It takes all waiting calls, executes them in order against the tables and the overlay, writes their
 * changes as one row of the journal, and answers them only when that row has reached the disk. If a commit fails, all of its
 * calls fail, and the state is read again from the disk.
 *
 * `check` is a separate call: it acquires the right to write to the journal without writing.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { MessageChannel, parentPort, Worker, workerData } from 'node:worker_threads';
import { DomainError } from '../../domain/errors.ts';
import { openDatabase, requireFormat } from '../sqlite-file/database.ts';
import type { AnswerMessage, CallMessage, FaultMessage } from '../sqlite-file/thread-client.ts';
import { openJournal } from './journal.ts';
import type { Operation } from './journal-entry.ts';
import { createOverlay } from './overlay.ts';
import { createStoreState, type StoreState } from './store-state.ts';
import { createTableReader } from './table-reader.ts';
import { createTableWriter } from './table-writer.ts';
import { createTables } from './tables.ts';
import { upgradeTables } from './upgrade.ts';

export interface CommitThreadData {
  readonly dataDir: string;
  readonly lockWaitMs: number;
  /**
   * Maximum number of operations that wait to be moved into the tables. Above half of it, new messages wait until the mover has
   * caught up, which slows senders down to the speed of the disk. Above all of it, they are refused with OVERLOADED.
   */
  readonly backlogMax: number;
}

const { dataDir, lockWaitMs, backlogMax } = workerData as CommitThreadData;
const port = parentPort as MessagePort;

mkdirSync(dataDir, { recursive: true });
const messagesPath = join(dataDir, 'messages.db');
const journalPath = join(dataDir, 'journal.db');
const messages = openDatabase(messagesPath, lockWaitMs);
requireFormat(messages, 'messages.db', (found) => {
  if (found === 1) upgradeTables(messages);
});
createTables(messages);
const journal = openJournal(journalPath, lockWaitMs, messages);

const tables = createTableReader(messages);
let overlay = createOverlay();
let staged: Operation[] = [];
let nextJournalId = 1;
let deletedUpTo = 0;
let state: StoreState = loadState();
/** Set while memory may differ from the disk. The state is then read again before the next call. */
let isStale = false;
let queue: CallMessage[] = [];
/** Appends that wait for the mover. */
let held: CallMessage[] = [];
let scheduled = false;

/** Reads the part of the journal that is not in the tables yet. */
function loadState(): StoreState {
  overlay = createOverlay();
  staged = [];
  const applied = tables.appliedId();
  nextJournalId = applied + 1;
  for (const { id, operations } of journal.rowsAfter(applied)) {
    for (const operation of operations) overlay.add(operation, id);
    overlay.close(id, operations);
    nextJournalId = id + 1;
  }
  return createStoreState(tables, overlay, (operation) => {
    overlay.add(operation, nextJournalId);
    staged.push(operation);
  });
}

function run([, method, args]: CallMessage): unknown {
  if (method === 'stats') return { backlog: overlay.size };
  if (method === 'check') {
    if (overlay.size <= backlogMax / 2) return null;
    throw new DomainError('OVERLOADED', 'Journal backlog is full: the tables cannot be written.');
  }
  const [portName, name] = method.split('.') as [keyof StoreState, string];
  if (method === 'messageLog.append' && overlay.size > backlogMax) {
    throw new DomainError('OVERLOADED', 'Journal backlog is full.');
  }
  const methods = state[portName] as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  return methods[name]?.(...args);
}

function drain(): void {
  scheduled = false;
  let calls = queue;
  queue = [];
  if (overlay.size > backlogMax / 2 && overlay.size <= backlogMax) {
    held.push(...calls.filter(isAppend));
    calls = calls.filter((call) => !isAppend(call));
  }
  const answers: AnswerMessage[] = [];
  try {
    if (isStale) state = loadState();
    isStale = false;
    for (const call of calls) {
      if (call[1] === 'close') continue;
      try {
        answers.push([call[0], run(call)]);
      } catch (error) {
        if (!(error instanceof DomainError)) throw error;
        answers.push([call[0], null, error.code, error.message]);
      }
    }
    commit(calls.some(([, method]) => method === 'check'));
  } catch (error) {
    // It is unknown whether any call of this round was written, so none may be answered as successful.
    isStale = true;
    answers.length = 0;
    for (const [call] of calls) answers.push([call, null, 'UNAVAILABLE', 'The store could not write.']);
    port.postMessage({ fault: error } satisfies FaultMessage);
  }
  port.postMessage(answers);
  const close = calls.find(([, method]) => method === 'close');
  if (close !== undefined) shutDown(close[0]);
}

function isAppend([, method]: CallMessage): boolean {
  return method === 'messageLog.append';
}

function commit(isCheck: boolean): void {
  if (staged.length === 0 && !isCheck) return;
  const operations = staged;
  staged = [];
  if (!journal.write(nextJournalId, operations)) return;
  overlay.close(nextJournalId, operations);
  nextJournalId += 1;
  mover.postMessage({ backlog: overlay.size });
}

/** The mover has moved the journal up to `applied` into the tables and flushed them. */
function onMoved({ applied }: { applied: number }): void {
  try {
    tables.refreshMonths();
  } catch {
    return; // Locked: the overlay keeps the moved operations until the next move.
  }
  overlay.dropUpTo(applied);
  if (held.length > 0 && overlay.size <= backlogMax / 2) {
    take(held);
    held = [];
  }
  // Deleting needs its own commit, so it is done only occasionally.
  if (applied - deletedUpTo < 200 && overlay.size > 0) return;
  try {
    journal.deleteUpTo(applied);
    deletedUpTo = applied;
  } catch {
    // Remaining rows are skipped at the next start, because the tables contain the number of the last applied row.
  }
}

/** Moves the remaining operations, so that the next start finds an empty journal. */
function shutDown(call: number): void {
  mover.postMessage('close');
  moverThread.once('exit', () => {
    const writer = createTableWriter(messages);
    const rest: Operation[] = [];
    for (const { operations } of journal.rowsAfter(tables.appliedId())) rest.push(...operations);
    if (rest.length > 0) writer.applyAll(rest, nextJournalId - 1);
    journal.deleteUpTo(nextJournalId - 1);
    journal.close();
    messages.close();
    port.postMessage([[call, true]] satisfies AnswerMessage[]);
  });
}

const { port1: mover, port2: moverEnd } = new MessageChannel();
const moverThread = new Worker(new URL('./mover-thread.ts', import.meta.url), {
  workerData: { messagesPath, journalPath, lockWaitMs, port: moverEnd },
  transferList: [moverEnd],
});
// Without the mover the journal would only grow: end this thread too, so that both are restarted.
moverThread.on('error', (error) => {
  throw error;
});
mover.on('message', onMoved);

function take(calls: CallMessage[]): void {
  queue = queue.length === 0 ? calls : [...queue, ...calls];
  if (scheduled) return;
  scheduled = true;
  setImmediate(drain);
}

port.on('message', take);
port.postMessage('ready');
