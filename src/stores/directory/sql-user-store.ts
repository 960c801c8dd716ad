import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import { wordsOf } from '../../domain/name-words.ts';
import { externalIdOf, foldUsername, type NewUser, type User } from '../../domain/user.ts';
import type { Account, AccountKey, UserStore } from '../user-store.ts';
import { inChunks } from './in-chunks.ts';
import { guardStore, isUniqueViolation } from './sql-errors.ts';

type Row = Record<string, unknown>;

/** Without password hashes, which are read only to sign a user in. */
const userColumns = ['id', 'username', 'display_name', 'avatar_url', 'external_subject', 'created_at'];

/** @param timeoutMs - deadline of a call, including the wait for a connection */
export function createSqlUserStore(knex: Knex, timeoutMs: Millis): UserStore {
  async function first(query: Knex.QueryBuilder): Promise<Row | null> {
    const [row] = (await query.limit(1)) as Row[];
    return row ?? null;
  }

  const store: UserStore = {
    async create(user, { passwordHash, externalSubject }) {
      try {
        const externalId = externalIdOf(externalSubject);
        await knex.transaction(async (trx) => {
          await trx('users').insert({
            id: user.id,
            username: user.username,
            username_key: foldUsername(user.username),
            display_name: user.displayName,
            created_at: user.createdAt,
            password_hash: passwordHash,
            external_subject: externalSubject,
            external_id: externalId,
          });
          await insertWords(trx, user);
        });
        return { ...user, avatarUrl: null, externalId };
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

    async findByExternalId(externalId) {
      const rows = (await knex('users').select(userColumns).where({ external_id: externalId }).limit(2)) as Row[];
      return rows.length === 1 ? toUser(rows[0] as Row) : null;
    },

    updateProfile: (id, { displayName, avatarUrl }) =>
      knex.transaction(async (trx) => {
        const changes = { display_name: displayName, avatar_url: avatarUrl };
        if (displayName !== undefined || avatarUrl !== undefined) await trx('users').where({ id }).update(changes);
        const row = await first(trx('users').select(userColumns).where({ id }));
        if (row === null) return null;
        const user = toUser(row);
        if (displayName !== undefined) {
          await trx('user_words').where({ user_id: id }).delete();
          await insertWords(trx, user);
        }
        return user;
      }),

    async search([firstWord = '', ...others], after, limit) {
      const beginsWith = (query: Knex.QueryBuilder, column: string, word: string) =>
        query.where(column, '>=', word).where(column, '<', `${word}${lastCodePoint}`);
      const found = knex('user_words as found').join('users', 'users.id', 'found.user_id');
      beginsWith(found, 'found.word', firstWord);
      // A user with several words that match is found by the first of them only.
      found.whereNotExists(
        beginsWith(knex('user_words as earlier').whereRaw('earlier.user_id = found.user_id'), 'earlier.word', firstWord)
          .whereRaw('earlier.word < found.word')
          .select(knex.raw('1')),
      );
      others.forEach((word, index) => {
        const alias = `other_${index}`;
        const other = knex(`user_words as ${alias}`).whereRaw(`${alias}.user_id = found.user_id`);
        found.whereExists(beginsWith(other, `${alias}.word`, word).select(knex.raw('1')));
      });
      if (after !== null) {
        found.where('found.word', '>=', after.word).where((place) => {
          place.where('found.word', '>', after.word).orWhere('found.user_id', '>', after.userId);
        });
      }
      const columns = ['found.word', ...userColumns.map((column) => `users.${column}`)];
      const rows = (await found
        .select(columns)
        .orderBy([{ column: 'found.word' }, { column: 'found.user_id' }])
        .limit(limit)) as Row[];
      return rows.map((row) => ({ user: toUser(row), word: row.word as string }));
    },

    async changePasswordHash(id, from, to) {
      return (await knex('users').where({ id, password_hash: from }).update({ password_hash: to })) > 0;
    },
  };
  return guardStore(store, timeoutMs);
}

/** Greater than any character that a word can contain, in the order of code points. */
const lastCodePoint = '\u{10ffff}';

/** Names of punctuation only have no words, and an insert of nothing is not a statement. */
export async function insertWords(
  knex: Knex,
  { id, username, displayName }: Pick<NewUser, 'id' | 'username' | 'displayName'>,
): Promise<void> {
  const rows = wordsOf([username, displayName]).map((word) => ({ word, user_id: id }));
  if (rows.length > 0) await knex('user_words').insert(rows);
}

function toUser(row: Row): User {
  return {
    id: String(row.id),
    username: row.username as string,
    displayName: row.display_name as string,
    avatarUrl: (row.avatar_url as string | null) ?? null,
    externalId: externalIdOf((row.external_subject as string | null) ?? null),
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
