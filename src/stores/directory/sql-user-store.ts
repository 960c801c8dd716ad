import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { Millis } from '../../domain/ids.ts';
import { type Device, foldUsername, type User } from '../../domain/user.ts';
import type { RefreshToken, UserStore } from '../user-store.ts';
import { inChunks } from './in-chunks.ts';
import { guardStore, isUniqueViolation } from './sql-errors.ts';

type Row = Record<string, unknown>;

/** Without password hashes, which are read only to check a password. */
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
        const known = externalSubject === null ? null : await store.findByExternalSubject(externalSubject);
        if (known !== null) return known;
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

    async findByExternalSubject(subject) {
      const row = await first(knex('users').select(userColumns).where({ external_subject: subject }));
      return row === null ? null : toUser(row);
    },

    async findLogin(username) {
      const row = await first(knex('users').where({ username_key: foldUsername(username) }));
      return row === null ? null : { user: toUser(row), passwordHash: (row.password_hash as string | null) ?? null };
    },

    async putDevice({ id, userId, name, createdAt, revokedAt, sessionId }) {
      const state = { name, revoked_at: revokedAt, session_id: sessionId };
      // MySQL does not count unchanged rows, so the count does not show whether a row exists.
      const renew = () => knex('devices').where({ id, user_id: userId }).update(state);
      if ((await renew()) > 0) return;
      try {
        await knex('devices').insert({ id, user_id: userId, created_at: createdAt, ...state });
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        // Another call was faster, or the device belongs to another user.
        await renew();
        const row = await first(knex('devices').where({ id, user_id: userId }));
        if (row === null) throw new DomainError('NOT_FOUND', 'Device not found for this user.', { cause: error });
      }
    },

    async getDevice(id) {
      const row = await first(knex('devices').where({ id }));
      return row === null ? null : toDevice(row);
    },

    async revokeDevice(id, at) {
      await knex.transaction(async (trx) => {
        await trx('devices').where({ id, revoked_at: null }).update({ revoked_at: at });
        await trx('refresh_tokens').where({ device_id: id, used_at: null }).update({ used_at: at });
      });
    },

    async addRefreshToken({ hash, userId, deviceId, familyId, expiresAt }) {
      await knex('refresh_tokens').insert({
        hash,
        user_id: userId,
        device_id: deviceId,
        family_id: familyId,
        expires_at: expiresAt,
        used_at: null,
      });
    },

    async useRefreshToken(hash, at) {
      // One statement decides which of two racing calls gets the token.
      const used = await knex('refresh_tokens').where({ hash, used_at: null }).update({ used_at: at });
      const row = await first(knex('refresh_tokens').where({ hash }));
      return row === null ? null : { outcome: used > 0 ? 'used' : 'reused', token: toRefreshToken(row) };
    },

    async purgeRefreshTokens(before) {
      await knex('refresh_tokens').where('expires_at', '<', before).delete();
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

function toDevice(row: Row): Device {
  return {
    id: String(row.id),
    userId: String(row.user_id),
    name: (row.name as string | null) ?? null,
    createdAt: Number(row.created_at),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
    sessionId: (row.session_id as string | null) ?? null,
  };
}

function toRefreshToken(row: Row): RefreshToken {
  return {
    hash: row.hash as string,
    userId: String(row.user_id),
    deviceId: String(row.device_id),
    familyId: row.family_id as string,
    expiresAt: Number(row.expires_at),
  };
}
