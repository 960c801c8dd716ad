/** The directory: users and conversations in SQL, with one set of migrations and queries for every database that knex supports. */
import type { Knex } from 'knex';
import type { Millis } from '../../domain/ids.ts';
import type { Directory } from '../directory.ts';
import { runWithDeadline } from './call-deadline.ts';
import { createSqlAccountControl } from './sql-account-control.ts';
import { createSqlConversationStore } from './sql-conversation-store.ts';
import { createSqlDeviceStore } from './sql-device-store.ts';
import { createSqlUserStore } from './sql-user-store.ts';

/** @param knex - of a database with current tables; closed with the directory */
export function createSqlDirectory(knex: Knex, timeoutMs: Millis): Directory {
  return {
    users: createSqlUserStore(knex, timeoutMs),
    devices: createSqlDeviceStore(knex, timeoutMs),
    accountControl: createSqlAccountControl(knex, timeoutMs),
    conversations: createSqlConversationStore(knex, timeoutMs),
    // No row has this id: the statement acquires the right to write, and changes nothing.
    ping: async () => {
      await runWithDeadline(timeoutMs, () => knex('users').where({ id: 0 }).update({ display_name: '' }));
    },
    [Symbol.asyncDispose]: () => knex.destroy(),
  };
}
