/** The thread of one SQLite connection. Runs statements in order of arrival. */
import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { LRUCache } from 'lru-cache';
import { createStatements, openDatabase } from '../sqlite-file/database.ts';
import type { AnswerMessage, CallMessage } from '../sqlite-file/thread-client.ts';
import type { SqlOutcome } from './node-sqlite-dialect.ts';

const { filename, lockWaitMs } = workerData as { filename: string; lockWaitMs: number };
const port = parentPort as MessagePort;

const database = openDatabase(filename, lockWaitMs);
database.exec('PRAGMA foreign_keys = ON');
const prepare = createStatements(database, new LRUCache<string, StatementSync>({ max: 500 }));

function run(sql: string, bindings: readonly SQLInputValue[]): SqlOutcome {
  try {
    const statement = prepare(sql);
    // biome-ignore-start lint/plugin: SQLite takes at most 32,766 values in a statement
    if (statement.columns().length > 0) return { rows: statement.all(...bindings), changes: 0, lastId: 0 };
    const { changes, lastInsertRowid } = statement.run(...bindings);
    // biome-ignore-end lint/plugin: as above
    return { rows: [], changes: Number(changes), lastId: Number(lastInsertRowid) };
  } catch (error) {
    const { errcode, message } = error as { errcode?: number; message: string };
    return { rows: [], changes: 0, lastId: 0, failure: { code: `ERR_SQLITE_${errcode ?? 'UNKNOWN'}`, message } };
  }
}

port.on('message', (calls: CallMessage[]) => {
  const answers: AnswerMessage[] = calls.map(([call, method, args]) => {
    if (method === 'close') {
      database.close();
      return [call, true];
    }
    const [sql, bindings] = args as [string, readonly SQLInputValue[]];
    return [call, run(sql, bindings)];
  });
  port.postMessage(answers);
});
port.postMessage('ready');
