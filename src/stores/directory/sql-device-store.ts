import type { Knex } from 'knex';
import { DomainError } from '../../domain/errors.ts';
import type { DeviceId, Millis } from '../../domain/ids.ts';
import type { Device } from '../../domain/user.ts';
import type { DeviceStore, RefreshState } from '../device-store.ts';
import { lockUser } from './lock-user.ts';
import { guardStore, isUniqueViolation } from './sql-errors.ts';

type Row = Record<string, unknown>;

/** Devices that are forgotten in one transaction. */
const forgetMax = 500;

/** @param timeoutMs - deadline of a call, including the wait for a connection */
export function createSqlDeviceStore(knex: Knex, timeoutMs: Millis): DeviceStore {
  async function find(id: DeviceId): Promise<Row | null> {
    const [row] = (await knex('devices').where({ id }).limit(1)) as Row[];
    return row ?? null;
  }

  function put(
    { id, userId, ...device }: Device,
    refresh: RefreshState | null,
    requirement: { readonly passwordHash: string } | undefined,
  ): Promise<boolean> {
    return knex.transaction(async (trx) => {
      const account = await lockUser(trx, userId);
      if (account === null || account.disabled_at !== null) return false;
      if (requirement !== undefined && account.password_hash !== requirement.passwordHash) return false;
      const [known] = (await trx('devices').select('user_id').where({ id }).forUpdate()) as Row[];
      if (known !== undefined && String(known.user_id) !== userId)
        throw new DomainError('NOT_FOUND', 'Device not found for this user.');
      const state = {
        name: device.name,
        used_at: device.lastUsedAt,
        revoked_at: device.revokedAt,
        session_id: device.sessionId,
        ...fromRefresh(refresh),
      };
      if (known === undefined)
        await trx('devices').insert({ id, user_id: userId, created_at: device.createdAt, ...state });
      else await trx('devices').where({ id }).update(state);
      return true;
    });
  }

  const store: DeviceStore = {
    async put(device, refresh, requirement) {
      try {
        return await put(device, refresh, requirement);
      } catch (error) {
        // A racing call added it: this one renews it.
        if (isUniqueViolation(error)) return put(device, refresh, requirement);
        throw error;
      }
    },

    async get(id) {
      const row = await find(id);
      return row === null ? null : toDevice(row);
    },

    async listByUser(userId) {
      const rows = (await knex('devices').where({ user_id: userId }).orderBy(latestFirst)) as Row[];
      return rows.map(toDevice);
    },

    async touch(id, at) {
      await knex('devices').where({ id }).where('used_at', '<', at).update({ used_at: at });
    },

    async getForRefresh(id) {
      const row = await find(id);
      return row === null ? null : { device: toDevice(row), refresh: toRefresh(row) };
    },

    async rotate({ deviceId, sessionId, generation, at, expiresAt }) {
      // One statement decides between two calls, and detects an account that is disabled in the meantime.
      const moved = await knex('devices')
        .where({ id: deviceId, session_id: sessionId, generation, revoked_at: null })
        .whereExists(knex('users').whereRaw('users.id = devices.user_id').where({ disabled_at: null }))
        .update({ generation: generation + 1, rotated_at: at, used_at: at, expires_at: expiresAt });
      return moved > 0;
    },

    async revoke(id, at) {
      await knex('devices').where({ id, revoked_at: null }).update({ revoked_at: at });
    },

    revokeOthers: (userId, keptId, at) =>
      knex.transaction(async (trx) => {
        await lockUser(trx, userId);
        const rows = (await trx('devices').select('id').where({ user_id: userId, revoked_at: null })) as Row[];
        const ids = rows.map(({ id }) => String(id)).filter((id) => id !== keptId);
        await trx('devices')
          .where({ user_id: userId, revoked_at: null })
          .whereNot({ id: keptId ?? 0 })
          .update({ revoked_at: at });
        return ids;
      }),

    trim: (userId, max) =>
      knex.transaction(async (trx) => {
        await lockUser(trx, userId);
        const rows = (await trx('devices')
          .where({ user_id: userId })
          .orderByRaw('revoked_at IS NOT NULL')
          .orderBy(latestFirst)) as Row[];
        const forgotten = rows.slice(max, max + forgetMax);
        await forget(trx, forgotten);
        return forgotten.map(({ id }) => String(id));
      }),

    async forgetUnused(before) {
      for (;;) {
        const count = await knex.transaction(async (trx) => {
          const rows = (await trx('devices')
            .where('used_at', '<', before)
            .where((query) => query.whereNull('revoked_at').orWhere('revoked_at', '<', before))
            .limit(forgetMax)) as Row[];
          await forget(trx, rows);
          return rows.length;
        });
        if (count < forgetMax) return;
      }
    },
  };
  return guardStore(store, timeoutMs);
}

const latestFirst: { column: string; order: 'asc' | 'desc' }[] = [
  { column: 'used_at', order: 'desc' },
  { column: 'id', order: 'desc' },
];

async function forget(trx: Knex.Transaction, rows: readonly Row[]): Promise<void> {
  // An identity provider's token that was logged out with its device must not become valid again as the token of a new device.
  for (const { user_id, revoked_at } of rows) {
    if (revoked_at === null) continue;
    await trx('users')
      .where({ id: String(user_id) })
      .where((query) => query.whereNull('signed_out_at').orWhere('signed_out_at', '<', Number(revoked_at)))
      .update({ signed_out_at: Number(revoked_at) });
  }
  for (const { id, used_at } of rows)
    await trx('devices')
      .where({ id: String(id), used_at: Number(used_at) })
      .delete();
}

function toDevice(row: Row): Device {
  return {
    id: String(row.id),
    userId: String(row.user_id),
    name: (row.name as string | null) ?? null,
    createdAt: Number(row.created_at),
    lastUsedAt: Number(row.used_at),
    revokedAt: row.revoked_at === null ? null : Number(row.revoked_at),
    sessionId: (row.session_id as string | null) ?? null,
  };
}

function toRefresh(row: Row): RefreshState | null {
  if (row.refresh_secret === null) return null;
  return {
    secret: row.refresh_secret as string,
    startedAt: Number(row.started_at),
    generation: Number(row.generation),
    rotatedAt: Number(row.rotated_at),
    expiresAt: Number(row.expires_at),
  };
}

function fromRefresh(refresh: RefreshState | null): Row {
  return {
    refresh_secret: refresh?.secret ?? null,
    started_at: refresh?.startedAt ?? null,
    generation: refresh?.generation ?? null,
    rotated_at: refresh?.rotatedAt ?? null,
    expires_at: refresh?.expiresAt ?? null,
  };
}
