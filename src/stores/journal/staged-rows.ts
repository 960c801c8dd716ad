/** The operations of one commit in order, split into journal rows of a bounded size. */
import type { JournalRow } from './journal.ts';
import type { Operation } from './journal-entry.ts';

/** Bounds of one row, because readers hold a whole row in memory. */
const operationsMax = 4_000;
const lengthMax = 4 * 1024 * 1024;
/** Approximate length of an operation in the journal, without the texts of a message. */
const operationLength = 100;

export class StagedRows {
  readonly rows: (JournalRow & { readonly operations: Operation[] })[] = [];
  /** Approximate number of characters in all rows. */
  length = 0;
  /** Number of operations in all rows. */
  count = 0;
  private readonly firstId: number;
  private lastLength = 0;

  /** @param firstId - number of the first row */
  constructor(firstId: number) {
    this.firstId = firstId;
  }

  /** The row that the next operation goes to. */
  private openRow(): JournalRow & { readonly operations: Operation[] } {
    const last = this.rows.at(-1);
    if (last !== undefined && last.operations.length < operationsMax && this.lastLength < lengthMax) return last;
    const row = { id: this.firstId + this.rows.length, operations: [] };
    this.rows.push(row);
    this.lastLength = 0;
    return row;
  }

  /** @returns the number of the journal row that the operation is in */
  add(operation: Operation): number {
    const row = this.openRow();
    const texts = operation.type === 'message' ? operation.row.body.length + operation.row.key.length : 0;
    row.operations.push(operation);
    this.lastLength += operationLength + texts;
    this.length += operationLength + texts;
    this.count += 1;
    return row.id;
  }
}
