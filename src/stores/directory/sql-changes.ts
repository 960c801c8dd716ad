/** Changes of members: recorded, claimed, settled or dropped. A unique index leaves each conversation one open change. */
import type { Knex } from 'knex';
import type { ConversationStore } from '../conversation-store.ts';
import { fromChange, type Row, toChange } from './conversation-rows.ts';
import { readState, settleChange } from './settle-change.ts';
import { isUniqueViolation } from './sql-errors.ts';

type ChangeMethods =
  | 'beginChange'
  | 'settleChange'
  | 'dropChange'
  | 'findOpenChange'
  | 'listOpenChanges'
  | 'claimChange';

export function createSqlChanges(knex: Knex): Pick<ConversationStore, ChangeMethods> {
  return {
    async beginChange(change, version, claimedUntil) {
      try {
        return await knex.transaction(async (trx) => {
          // The row lock keeps the version until the change is recorded; from then on the unique index does.
          const state = await readState(trx, change.conversationId);
          await trx('membership_changes').insert(fromChange(change, claimedUntil));
          if (state.version === version) return 'begun' as const;
          await trx('membership_changes').where({ id: change.id }).delete();
          return 'stale' as const;
        });
      } catch (error) {
        if (isUniqueViolation(error)) return 'busy';
        throw error;
      }
    },

    settleChange: (change, seq, largeAbove) => knex.transaction((trx) => settleChange(trx, change, seq, largeAbove)),

    dropChange: ({ id, conversationId, event }) =>
      knex.transaction(async (trx) => {
        await trx('membership_changes').where({ id }).delete();
        if (event.kind === 'GROUP_CREATED')
          await trx('conversations').where({ id: conversationId, version: 0 }).delete();
      }),

    async findOpenChange(conversationId) {
      const [row] = (await knex('membership_changes').where({ conversation_id: conversationId }).limit(1)) as Row[];
      return row === undefined ? null : toChange(row);
    },

    async listOpenChanges(claimedBefore, limit) {
      const rows = (await knex('membership_changes')
        .where('claimed_until', '<', Math.min(claimedBefore, Number.MAX_SAFE_INTEGER))
        .orderBy([{ column: 'claimed_until' }, { column: 'id' }])
        .limit(limit)) as Row[];
      return rows.map(toChange);
    },

    async claimChange(id, now, until) {
      const claimed = await knex('membership_changes')
        .where({ id })
        .where('claimed_until', '<', Math.min(now, Number.MAX_SAFE_INTEGER))
        .update({ claimed_until: until });
      return claimed > 0;
    },
  };
}
