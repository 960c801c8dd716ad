/**
 * The thread that commits. It takes the waiting calls, executes them in order against the tables and the overlay, writes their
 * changes as rows of the journal in one commit, and answers them only when those rows have reached the disk. If a commit fails, all
 * of its calls fail, and the state is read again from the disk.
 *
 * `check` is a separate call: it acquires the right to write to the journal without writing.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MessagePort } from 'node:worker_threads';
import { MessageChannel, parentPort, Worker, workerData } from 'node:worker_threads';
import { DomainError } from '../../domain/errors.ts';
import { openDatabase, requireFormat } from '../sqlite-file/database.ts';
import { isPassing } from '../sqlite-file/sqlite-errors.ts';
import type { AnswerMessage, CallMessage, FaultMessage } from '../sqlite-file/thread-client.ts';
import { openJournal } from './journal.ts';
import { createMover } from './mover.ts';
import type { MoverMessage } from './mover-thread.ts';
import { createOverlay } from './overlay.ts';
import { countSetAside } from './set-aside.ts';
import { StagedRows } from './staged-rows.ts';
import { createStoreState, type StoreState } from './store-state.ts';
import { createTableReader } from './table-reader.ts';
import { createTables } from './tables.ts';
import { upgradeTables } from './upgrade.ts';

export interface CommitThreadData {
  readonly dataDir: string;
  readonly lockWaitMs: number;
  /** Time after which nobody waits for the answer of a call any more. */
  readonly timeoutMs: number;
  /**
   * Maximum number of operations that wait to be moved into the tables. Above half of it, new messages wait until the mover has
   * caught up, which slows senders down to the speed of the disk. Above all of it, they are refused with OVERLOADED.
   */
  readonly backlogMax: number;
}

/** A commit takes no further call once it has this many operations, or characters of their text. */
const commitOperationsMax = 20_000;
const commitLengthMax = 16 * 1024 * 1024;
/** Minimum time between two reports of the same failure, which may occur with every call while its cause lasts. */
const reportAgainMs = 10_000;
/** Maximum number of failures that are remembered for this purpose. */
const reportsMax = 100;

const { dataDir, lockWaitMs, timeoutMs, backlogMax } = workerData as CommitThreadData;
const port = parentPort as MessagePort;

mkdirSync(dataDir, { recursive: true, mode: 0o700 });
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
let staged = new StagedRows(1);
let nextJournalId = 1;
let deletedUpTo = 0;
let state: StoreState = loadState();
/** Set while memory may differ from the disk. The state is then read again before the next call. */
let isStale = false;
let queue: CallMessage[] = [];
/** Appends that wait for the mover, each since when. */
let held: { readonly call: CallMessage; readonly since: number }[] = [];
let scheduled = false;
/** Whether the last move failed, and not because of a lock or a full disk. */
let isMoverFailing = false;
/** When each failure was last reported. */
const reportedAt = new Map<string, number>();

/** Reads the part of the journal that is not in the tables yet. Operations that cannot be read are left to the mover. */
function loadState(): StoreState {
  overlay = createOverlay();
  const applied = tables.appliedId();
  nextJournalId = applied + 1;
  for (const { id, operations } of journal.rowsAfter(applied)) {
    for (const operation of operations) overlay.add(operation, id);
    overlay.close(id, operations);
    nextJournalId = id + 1;
  }
  staged = new StagedRows(nextJournalId);
  return createStoreState(tables, overlay, (operation) => overlay.add(operation, staged.add(operation)));
}

function run([, method, args]: CallMessage): unknown {
  if (method === 'stats') return { backlog: overlay.size, setAside: countSetAside(messages) };
  if (method === 'check') {
    if (isMoverFailing) throw new DomainError('UNAVAILABLE', 'Journal cannot be moved into the tables.');
    if (overlay.size <= backlogMax / 2) return null;
    throw new DomainError('OVERLOADED', 'Journal is not moved into the tables fast enough.');
  }
  const [portName, name] = method.split('.') as [keyof StoreState, string];
  if (isAppend(method) && overlay.size > backlogMax) {
    throw new DomainError('OVERLOADED', 'Write backlog of the store is full.');
  }
  const methods = state[portName] as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
  // biome-ignore lint/plugin: as many as the method has parameters
  return methods[name]?.(...args);
}

/** Executes a call. A failure before its first write fails only this call; any other failure fails the whole round. */
function answer(call: CallMessage): AnswerMessage {
  const countBefore = staged.count;
  try {
    return [call[0], run(call)];
  } catch (error) {
    if (error instanceof DomainError) return [call[0], null, error.code, error.message];
    // A locked database fails the whole round, because every other call would wait for the same lock.
    if (staged.count > countBefore || isPassing(error)) throw error;
    report(error);
    return [call[0], null, 'UNAVAILABLE', 'Store could not execute the call.'];
  }
}

/** Takes the calls of the next commit from the queue. Appends are held back while the mover is behind. */
function takeRound(): CallMessage[] {
  const calls = queue;
  queue = [];
  if (overlay.size <= backlogMax / 2 || overlay.size > backlogMax) return calls;
  const since = performance.now();
  for (const call of calls) if (isAppend(call[1])) held.push({ call, since });
  return calls.filter(([, method]) => !isAppend(method));
}

function drain(): void {
  scheduled = false;
  const calls = takeRound();
  const answers: AnswerMessage[] = [];
  let close: CallMessage | undefined;
  let done = 0;
  try {
    if (isStale) state = loadState();
    isStale = false;
    for (const call of calls) {
      if (staged.count >= commitOperationsMax || staged.length >= commitLengthMax) break;
      done += 1;
      if (call[1] === 'close') close = call;
      else answers.push(answer(call));
    }
    commit(calls.slice(0, done).some(([, method]) => method === 'check'));
  } catch (error) {
    // It is unknown whether any call of this round was written, so none may be answered as successful.
    isStale = true;
    answers.length = 0;
    done = calls.length;
    close = calls.find(([, method]) => method === 'close');
    for (const [call] of calls) answers.push([call, null, 'UNAVAILABLE', 'Store could not write.']);
    report(error);
  }
  if (done < calls.length) takeFirst(calls.slice(done));
  port.postMessage(answers);
  if (close !== undefined) shutDown(close[0]);
}

function isAppend(method: string): boolean {
  return method === 'messageLog.append';
}

function report(fault: unknown): void {
  const text = String(fault);
  const now = performance.now();
  if (now - (reportedAt.get(text) ?? Number.NEGATIVE_INFINITY) < reportAgainMs) return;
  if (reportedAt.size >= reportsMax) reportedAt.clear();
  reportedAt.set(text, now);
  port.postMessage({ fault } satisfies FaultMessage);
}

function commit(isCheck: boolean): void {
  if (staged.count > 0) {
    journal.write(staged.rows);
    for (const { id, operations } of staged.rows) overlay.close(id, operations);
    nextJournalId += staged.rows.length;
  } else {
    if (!isCheck || !journal.probe(nextJournalId)) return;
    overlay.close(nextJournalId, []);
    nextJournalId += 1;
  }
  staged = new StagedRows(nextJournalId);
  mover.postMessage({ backlog: overlay.size });
}

/** The mover has moved the journal up to `applied` into the tables and flushed them. */
function onMoved(applied: number): void {
  isMoverFailing = false;
  try {
    tables.refreshMonths();
  } catch {
    return; // Locked: the overlay keeps the moved operations until the next move.
  }
  overlay.dropUpTo(applied);
  if (held.length > 0 && overlay.size <= backlogMax / 2) releaseHeld();
  // Deleting needs its own commit, so it is done only occasionally.
  if (applied - deletedUpTo < 200 && overlay.size > 0) return;
  try {
    journal.deleteUpTo(applied);
    deletedUpTo = applied;
  } catch {
    // Remaining rows are skipped at the next start, because the tables contain the number of the last applied row.
  }
}

/** Appends whose callers have had an error are left out: the callers may have given up. */
function releaseHeld(): void {
  const waitedFrom = performance.now() - timeoutMs;
  const released = held.filter(({ since }) => since > waitedFrom);
  held = [];
  take(released.map(({ call }) => call));
}

function onMoverFailed(problem: unknown): void {
  isMoverFailing = true;
  report(problem);
}

/** Moves the remaining operations, so that the next start finds an empty journal. That start repeats a move that fails now. */
function shutDown(call: number): void {
  mover.postMessage('close');
  moverThread.once('exit', () => {
    try {
      const last = createMover({ rowsAfter: journal.rowsAfter, messages, onReport: report });
      while (last.move() !== null);
      journal.deleteUpTo(nextJournalId - 1);
    } catch (error) {
      report(error);
    }
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
mover.on('message', (message: MoverMessage) => {
  if (message.type === 'moved') onMoved(message.applied);
  else if (message.type === 'failed') onMoverFailed(message.problem);
  else report(message.report);
});

function take(calls: readonly CallMessage[]): void {
  queue = queue.length === 0 ? [...calls] : [...queue, ...calls];
  schedule();
}

/** Puts calls back at the front of the queue. */
function takeFirst(calls: readonly CallMessage[]): void {
  queue = [...calls, ...queue];
  schedule();
}

function schedule(): void {
  if (scheduled) return;
  scheduled = true;
  setImmediate(drain);
}

port.on('message', take);
port.postMessage('ready');
