import type { Knex } from 'knex';
import type { UserId } from '../../domain/ids.ts';

/**
 * Reads a user's row and keeps it until the transaction ends. Every transaction about a user's account or devices begins with it, so
 * that none decides on what another one is changing, and no two wait for each other.
 */
export async function lockUser(trx: Knex.Transaction, id: UserId): Promise<Record<string, unknown> | null> {
  const [row] = (await trx('users').where({ id }).forUpdate()) as Record<string, unknown>[];
  return row ?? null;
}
