/**
 * Moves rows of the journal into the tables. The tables and the number of the last journal row in them change in one transaction,
 * flushed to the disk, before the journal rows are deleted. After an interruption at any point, each row is in exactly one of the
 * two.
 *
 * Rows that cannot be moved together are moved one by one. Operations that cannot be applied are then set aside, so that the rows
 * behind them are moved.
 */
import type { DatabaseSync } from 'node:sqlite';
import { isAboutData } from '../sqlite-file/sqlite-errors.ts';
import type { StoredRow } from './journal.ts';
import { createTableWriter } from './table-writer.ts';

/** A transaction ends with the row that reaches one of these: operations, and characters of their text. */
const operationsMax = 4_000;
const lengthMax = 16 * 1024 * 1024;

export interface Move {
  /** The last journal row that is in the tables. */
  readonly applied: number;
  readonly operations: number;
}

/** @param onReport - receives one line for the log per operation that was set aside or changed */
export function createMover(ports: {
  rowsAfter: (applied: number) => Iterable<StoredRow>;
  messages: DatabaseSync;
  onReport: (report: Error) => void;
}) {
  const { rowsAfter, messages, onReport } = ports;
  const writer = createTableWriter(messages);
  /** The last row that was moved; null before the first move. */
  let applied: number | null = null;

  function nextRows(): StoredRow[] {
    applied ??= messages.prepare('SELECT journal_id FROM applied').get()?.journal_id as number;
    const rows: StoredRow[] = [];
    let operations = 0;
    let length = 0;
    for (const row of rowsAfter(applied)) {
      rows.push(row);
      operations += row.operations.length;
      length += row.length;
      if (operations >= operationsMax || length >= lengthMax) break;
    }
    return rows;
  }

  function moveOneByOne(rows: readonly StoredRow[]): void {
    for (const row of rows) {
      const reports = writer.applyRow(row);
      applied = row.id;
      for (const report of reports) onReport(new Error(`Journal row ${row.id}: ${report}`));
    }
  }

  return {
    /**
     * Moves the next rows.
     *
     * @returns null when there is none
     * @throws Error: no row can be moved at present; the call may be repeated
     */
    move(): Move | null {
      const rows = nextRows();
      const last = rows.at(-1);
      if (last === undefined) return null;
      const isReadable = rows.every(({ unreadable }) => unreadable.length === 0);
      try {
        if (isReadable)
          writer.applyAll(
            rows.flatMap(({ operations }) => operations),
            last.id,
          );
        else moveOneByOne(rows);
      } catch (error) {
        if (!isReadable || !isAboutData(error)) throw error;
        moveOneByOne(rows);
      }
      applied = last.id;
      return { applied, operations: rows.reduce((sum, { operations }) => sum + operations.length, 0) };
    },
  };
}
