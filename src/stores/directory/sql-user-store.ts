import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import { foldUsername, type User } from '../../domain/user.ts';
import type { Account, AccountKey, UserStore } from '../user-store.ts';
import { inChunks } from './in-chunks.ts';
import { guardStore, isUniqueViolation } from './sql-errors.ts';

type Row = Record<string, unknown>;

/** Without password hashes, which are read only to sign a user in. */
const userColumns = ['id', 'username', 'display_name', 'created_at'];

/** @param timeoutMs - deadline of a call, including the wait for a connection */
export function createSqlUserStore(knex: Knex, timeoutMs: Millis): UserStore {
  async function first(query: Knex.QueryBuilder): Promise<Row | null> {
    const [row] = (await query.limit(1)) as Row[];
    return row ?? null;
  }

  const store: UserStore = {
    async create(user, { passwordHash, externalSubject }) {
      try {
        await knex('users').insert({
          id: user.id,
          username: user.username,
          username_key: foldUsername(user.username),
          display_name: user.displayName,
          created_at: user.createdAt,
          password_hash: passwordHash,
          external_subject: externalSubject,
        });
        return user;
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        const known = externalSubject === null ? null : await store.findAccount({ externalSubject });
        if (known !== null) return known.user;
        throw new DomainError('USERNAME_TAKEN', 'Username is taken.', { cause: error });
      }
    },

    async get(ids) {
      const rows = await inChunks(
        [...new Set(ids)],
        async (some) => (await knex('users').select(userColumns).whereIn('id', some)) as Row[],
      );
      const byId = new Map(rows.map((row) => [String(row.id), toUser(row)]));
      return ids.map((id) => byId.get(id) ?? null);
    },

    async findByUsername(username) {
      const row = await first(
        knex('users')
          .select(userColumns)
          .where({ username_key: foldUsername(username) }),
      );
      return row === null ? null : toUser(row);
    },

    async findAccount(by) {
      const row = await first(knex('users').where(keyOf(by)));
      return row === null ? null : toAccount(row);
    },

    async changePasswordHash(id, from, to) {
      return (await knex('users').where({ id, password_hash: from }).update({ password_hash: to })) > 0;
    },
  };
  return guardStore(store, timeoutMs);
}

function toUser(row: Row): User {
  return {
    id: String(row.id),
    username: row.username as string,
    displayName: row.display_name as string,
    createdAt: Number(row.created_at),
  };
}

function toAccount(row: Row): Account {
  return {
    user: toUser(row),
    passwordHash: (row.password_hash as string | null) ?? null,
    resetExpiresAt: row.reset_expires_at === null ? null : Number(row.reset_expires_at),
    disabledAt: row.disabled_at === null ? null : Number(row.disabled_at),
    signedOutAt: row.signed_out_at === null ? null : Number(row.signed_out_at),
  };
}

function keyOf(by: AccountKey): Row {
  if ('username' in by) return { username_key: foldUsername(by.username) };
  return 'id' in by ? { id: by.id } : { external_subject: by.externalSubject };
}
