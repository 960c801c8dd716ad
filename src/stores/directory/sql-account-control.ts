import type { Knex } from 'knex';
import type { Millis, UserId } from '../../domain/ids.ts';
import type { AccountControl } from '../account-control.ts';
import { lockUser } from './lock-user.ts';
import { guardStore, isUniqueViolation } from './sql-errors.ts';

type Row = Record<string, unknown>;

const pageMax = 1_000;
const attemptsMax = 20;

/** @param timeoutMs - deadline of a call, including the wait for a connection */
export function createSqlAccountControl(knex: Knex, timeoutMs: Millis): AccountControl {
  /** Of two endings that take the same number, the second begins again. */
  async function endingSessions(run: (trx: Knex.Transaction) => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await knex.transaction(run);
      } catch (error) {
        if (!isUniqueViolation(error) || attempt === attemptsMax) throw error;
      }
    }
  }

  const control: AccountControl = {
    disable: (id, at) =>
      endingSessions(async (trx) => {
        await lockUser(trx, id);
        await trx('users').where({ id, disabled_at: null }).update({ disabled_at: at });
        await endSessions(trx, id, at);
      }),

    async enable(id) {
      await knex('users').where({ id }).update({ disabled_at: null });
    },

    signOut: (id, at) =>
      endingSessions(async (trx) => {
        if (id !== null) await lockUser(trx, id);
        await endSessions(trx, id, at);
      }),

    startReset: (id, { passwordHash, expiresAt, at }) =>
      endingSessions(async (trx) => {
        await lockUser(trx, id);
        await trx('users').where({ id }).update({ password_hash: passwordHash, reset_expires_at: expiresAt });
        await endSessions(trx, id, at);
      }),

    async useReset(id, expiresAt) {
      // 0 is in the past at any time: the secret is refused from now on.
      return (await knex('users').where({ id, reset_expires_at: expiresAt }).update({ reset_expires_at: 0 })) > 0;
    },

    changePassword: (id, { from, to, keptId, at }) =>
      knex.transaction(async (trx) => {
        await lockUser(trx, id);
        const changed = await trx('users')
          .where({ id, password_hash: from })
          .update({ password_hash: to, reset_expires_at: null });
        if (changed === 0) return null;
        const others = () => trx('devices').where({ user_id: id, revoked_at: null }).whereNot({ id: keptId });
        const rows = (await others().select('id')) as Row[];
        await others().update({ revoked_at: at });
        return rows.map((row) => String(row.id));
      }),

    async lastEnding() {
      const [row] = (await knex('session_endings').max('seq as seq')) as Row[];
      return Number(row?.seq ?? 0);
    },

    async listEndings(after) {
      const rows = (await knex('session_endings').where('seq', '>', after).orderBy('seq').limit(pageMax)) as Row[];
      return rows.map(({ seq, user_id, at }) => ({
        seq: Number(seq),
        userId: user_id === null ? null : String(user_id),
        at: Number(at),
      }));
    },

    async listEnded({ userId, at }, afterId) {
      const rows = (await knex('devices')
        .select('id', 'user_id')
        .where({ revoked_at: at, ...(userId === null ? {} : { user_id: userId }) })
        .where('id', '>', afterId ?? '0')
        .orderBy('id')
        .limit(pageMax)) as Row[];
      return rows.map(({ id, user_id }) => ({ id: String(id), userId: String(user_id) }));
    },
  };
  return guardStore(control, timeoutMs);
}

async function endSessions(trx: Knex.Transaction, id: UserId | null, at: Millis): Promise<void> {
  const ofUser = id === null ? {} : { user_id: id };
  await trx('devices')
    .where({ ...ofUser, revoked_at: null })
    .update({ revoked_at: at });
  await trx('users')
    .where(id === null ? {} : { id })
    .update({ signed_out_at: at });
  // One above the last instead of the database's own counter, whose numbers become visible in any order: a reader that has seen a
  // number would miss a lower one that is committed later.
  const [last] = (await trx('session_endings').max('seq as seq')) as Row[];
  await trx('session_endings').insert({ seq: Number(last?.seq ?? 0) + 1, user_id: id, at });
}
