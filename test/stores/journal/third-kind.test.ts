/** A kind of log entries that is added to the catalogue needs no change in the store: its rows are neither hidden nor renamed. */
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, vi } from 'vitest';
import { type EntryKind, entryKinds, kindOfCode, sealCode } from '../../../src/domain/entry-kinds.ts';
import { decodeOperations, encodeOperations, type Operation } from '../../../src/stores/journal/journal-entry.ts';
import { createTableReader } from '../../../src/stores/journal/table-reader.ts';
import { createTableWriter } from '../../../src/stores/journal/table-writer.ts';
import { createTables } from '../../../src/stores/journal/tables.ts';
import { rows } from '../../contract/message-store-drivers.ts';

const noteCode = 3;

vi.mock('../../../src/domain/entry-kinds.ts', async (importOriginal) => {
  const original = await importOriginal<typeof import('../../../src/domain/entry-kinds.ts')>();
  const NOTE = { ...original.entryKinds.SYSTEM, code: 3 };
  return {
    ...original,
    entryKinds: { ...original.entryKinds, NOTE },
    kindOfCode: (code: number) => (code === NOTE.code ? 'NOTE' : original.kindOfCode(code)),
  };
});

const month = '2026-01';
const NOTE = 'NOTE' as EntryKind;

/** Messages 1 to 3, of which the second is a note, and the seal that ends their segment. */
const operations: Operation[] = [
  ...rows('1', 1, 3).map((row, index): Operation => {
    return { type: 'message', month, row: index === 1 ? { ...row, kind: NOTE } : row };
  }),
  { type: 'seal', month, seal: { id: '99', conversationId: '1', seq: 4n, next: '2026-02' } },
];

const kindsOf = (some: readonly Operation[]) => some.map((one) => (one.type === 'message' ? one.row.kind : one.type));

describe('a third kind of log entries', () => {
  it('has a code beyond the one of a seal', () => {
    expect(entryKinds[NOTE].code).toBe(noteCode);
    expect(noteCode).toBeGreaterThan(sealCode);
    expect(kindOfCode(noteCode)).toBe(NOTE);
  });

  it('is read from the journal unchanged', () => {
    const back = decodeOperations(encodeOperations(operations));
    expect(kindsOf(back.operations)).toEqual(['USER', 'NOTE', 'USER', 'seal']);
    expect(back).toEqual({ operations, unreadable: [] });
  });

  it('is read from the tables unchanged, by every method', () => {
    const database = new DatabaseSync(':memory:');
    createTables(database);
    createTableWriter(database).applyAll(operations, 1);
    const tables = createTableReader(database);
    const [, note] = operations;
    if (note?.type !== 'message') throw new Error('no note');
    const whole = { conversationId: '1', month, fromSeq: 1n, toSeq: 10n, limit: 10 };
    expect(tables.list(whole).map(({ kind }) => kind)).toEqual(['USER', 'NOTE', 'USER']);
    expect(tables.findById(month, note.row.id)).toEqual(note.row);
    expect(tables.findByKey(month, note.row)).toEqual(note.row);
    expect(tables.listUnfinished(month, '0', 10).map(({ kind }) => kind)).toContain('NOTE');
    expect(tables.firstSeqAt('1', month, note.row.sentAt)).toBe(2n);
    expect(tables.tail('1', month)).toMatchObject({ last: { seq: 3n }, seal: { seq: 4n, next: '2026-02' } });
  });

  it('is the last of a segment when it is', () => {
    const database = new DatabaseSync(':memory:');
    createTables(database);
    createTableWriter(database).applyAll(operations.slice(0, 2), 1);
    expect(createTableReader(database).tail('1', month)).toMatchObject({ last: { seq: 2n, kind: 'NOTE' }, seal: null });
  });

  it('is refused when the program does not know it, not taken for another', () => {
    const database = new DatabaseSync(':memory:');
    createTables(database);
    createTableWriter(database).applyAll(operations, 1);
    database.exec('UPDATE message_2026_01 SET kind = 44 WHERE seq = 2');
    expect(() =>
      createTableReader(database).list({ conversationId: '1', month, fromSeq: 1n, toSeq: 2n, limit: 9 }),
    ).toThrow('44 is not the code');
  });
});
