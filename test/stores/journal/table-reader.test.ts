/** What a reader of the tables knows of months that the mover has created since. */
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { createTableReader } from '../../../src/stores/journal/table-reader.ts';
import { createTableWriter } from '../../../src/stores/journal/table-writer.ts';
import { createTables } from '../../../src/stores/journal/tables.ts';
import { rows } from '../../contract/message-store-drivers.ts';

it('knows the months of all rows up to the one that it names as the last', () => {
  const database = new DatabaseSync(':memory:');
  createTables(database);
  const tables = createTableReader(database);
  const month = '2026-01';
  const messages = rows('1', 1, 3).map((row) => ({ type: 'message', month, row }) as const);
  createTableWriter(database).applyAll(messages, 7);
  expect(tables.appliedId()).toBe(7);
  expect(tables.months()).toEqual([month]);
  expect(tables.tail('1', month).last?.seq).toBe(3n);
});
