import type { Knex } from 'knex';
import type { Conversation } from '../../domain/conversation.ts';
import type { Millis, UserId } from '../../domain/ids.ts';
import type { ConversationStore } from '../conversation-store.ts';
import { fromChange, fromConversation, type Row, toConversation, toState } from './conversation-rows.ts';
import { inChunks } from './in-chunks.ts';
import { createSqlChanges } from './sql-changes.ts';
import { guardStore, isUniqueViolation } from './sql-errors.ts';
import { createSqlMembers } from './sql-members.ts';

/** @param timeoutMs - deadline of a call, including the wait for a connection */
export function createSqlConversationStore(knex: Knex, timeoutMs: Millis): ConversationStore {
  async function findByDirectKey(key: string): Promise<Conversation | null> {
    const [row] = (await knex('conversations').where({ direct_key: key }).limit(1)) as Row[];
    return row === undefined ? null : toConversation(row);
  }

  const store: ConversationStore = {
    ...createSqlMembers(knex),

    async openDirect(conversation, userIds) {
      const key = directKey(userIds);
      try {
        await knex.transaction(async (trx) => {
          await trx('conversations').insert({ ...fromConversation(conversation), direct_key: key });
          const members = [...new Set(userIds)].map((userId) => ({
            conversation_id: conversation.id,
            user_id: userId,
            role: 'MEMBER',
            joined_seq: 0,
            left_seq: null,
          }));
          await trx('members').insert(members);
        });
        return conversation;
      } catch (error) {
        const known = isUniqueViolation(error) ? await findByDirectKey(key) : null;
        if (known === null) throw error;
        return known;
      }
    },

    async createGroup(conversation, change, claimedUntil, clientGroupId) {
      const maker = { creator_id: change.actorId, client_group_id: clientGroupId };
      try {
        await knex.transaction(async (trx) => {
          await trx('conversations').insert({ ...fromConversation(conversation), ...maker });
          await trx('membership_changes').insert(fromChange(change, claimedUntil));
        });
        return conversation;
      } catch (error) {
        if (!isUniqueViolation(error) || clientGroupId === null) throw error;
        const [row] = (await knex('conversations').where(maker).limit(1)) as Row[];
        if (row === undefined) throw error;
        return toConversation(row);
      }
    },

    async get(ids) {
      const unique = [...new Set(ids)];
      const rows = await inChunks(unique, async (some) => (await knex('conversations').whereIn('id', some)) as Row[]);
      const byId = new Map(rows.map((row) => [String(row.id), toState(row)]));
      return ids.map((id) => byId.get(id) ?? null);
    },

    findDirect: (userIds) => findByDirectKey(directKey(userIds)),

    ...createSqlChanges(knex),
  };
  return guardStore(store, timeoutMs);
}

/** The same for both orders of a pair. Stricter than the domain's key: invalid ids never reach the table. */
function directKey([a, b]: readonly [UserId, UserId]): string {
  return BigInt(a) < BigInt(b) ? `${a}:${b}` : `${b}:${a}`;
}
