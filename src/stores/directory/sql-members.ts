/** Members of conversations: reading them by an index, and their marks. */
import type { Knex } from 'knex';
import type { Member } from '../../domain/conversation.ts';
import type { ConversationStore, MemberKey } from '../conversation-store.ts';
import { type Row, toMember } from './conversation-rows.ts';
import { inChunks } from './in-chunks.ts';

type MemberMethods =
  | 'listStays'
  | 'listStaysOf'
  | 'listMemberships'
  | 'pageMembers'
  | 'listOnRead'
  | 'markEntered'
  | 'noteSent'
  | 'findContacts'
  | 'listContacts';

const byUserAndStay = [{ column: 'user_id' }, { column: 'joined_seq' }];

export function createSqlMembers(knex: Knex): Pick<ConversationStore, MemberMethods> {
  return {
    async listStays(conversationId, since) {
      const ofConversation = { conversation_id: conversationId };
      const columns = ['conversation_id', 'user_id', 'role', 'joined_seq', 'left_seq'];
      const stays = (table: string) => knex(table).select(columns).where(ofConversation);
      const active = () => stays('members').where({ left_seq: null });
      // One query for each interval of an index: databases do not agree on how to plan an OR.
      const queries = [
        stays('members').where('left_seq', '>=', String(since)),
        stays('earlier_stays').where('left_seq', '>=', String(since)),
        stays('earlier_stays').whereIn('user_id', active().clearSelect().select('user_id')),
      ];
      const rows = (await active().union(queries).orderBy(byUserAndStay)) as Row[];
      return rows.map(toMember);
    },

    listStaysOf: (keys) => readStaysOf(knex, keys),

    async listMemberships(userId) {
      const rows = (await knex('members').where({ user_id: userId }).orderBy('conversation_id')) as Row[];
      return rows.map(toMember);
    },

    async pageMembers(conversationId, { afterId, beforeId, limit, fromEnd = false }) {
      const page = knex('members').where({ conversation_id: conversationId, left_seq: null });
      if (afterId != null) page.where('user_id', '>', afterId);
      if (beforeId != null) page.where('user_id', '<', beforeId);
      const rows = (await page.orderBy('user_id', fromEnd ? 'desc' : 'asc').limit(limit)) as Row[];
      return (fromEnd ? rows.reverse() : rows).map(toMember);
    },

    async listOnRead(userIds) {
      const rows = await inChunks(
        userIds,
        async (some) =>
          (await knex('members').where({ on_read: 1 }).whereIn('user_id', some).orderBy('conversation_id')) as Row[],
      );
      return rows.map(toMember);
    },

    async markEntered(members) {
      for (const { conversationId, userId, joinedSeq, leftSeq } of members) {
        const row = { conversation_id: conversationId, user_id: userId, joined_seq: String(joinedSeq) };
        await knex.transaction(async (trx) => {
          // Locked, because a change that makes the group large marks its members.
          if (leftSeq === null) {
            const ofGroup = trx('conversations').select('is_large').where({ id: conversationId });
            const [group] = (await ofGroup.forUpdate()) as Row[];
            if (Number(group?.is_large) !== 0) return;
          }
          await trx('members')
            .where({ ...row, left_seq: leftSeq === null ? null : String(leftSeq) })
            .update({ on_read: 0 });
        });
      }
    },

    noteSent: ({ conversationId, userId }) =>
      knex.transaction(async (trx) => {
        const ofConversation = { conversation_id: conversationId };
        const members = (await trx('members').where(ofConversation).forUpdate()) as Row[];
        const marked = await trx('members')
          .where({ ...ofConversation, user_id: userId, has_sent: 0 })
          .update({ has_sent: 1 });
        const other = members.find(({ user_id }) => String(user_id) !== userId);
        if (marked === 0 || other === undefined || Number(other.has_sent) === 0) return false;
        const otherId = String(other.user_id);
        await trx('members')
          .where({ ...ofConversation, user_id: userId })
          .update({ contact_id: otherId });
        await trx('members')
          .where({ ...ofConversation, user_id: otherId })
          .update({ contact_id: userId });
        return true;
      }),

    async findContacts(userId, others) {
      return inChunks(others, async (some) => {
        const rows = (await knex('members')
          .select('contact_id')
          .where({ user_id: userId })
          .whereIn('contact_id', some)) as Row[];
        return rows.map(({ contact_id }) => String(contact_id));
      });
    },

    async listContacts(userId, limit) {
      const rows = (await knex('members')
        .select('contact_id')
        .where({ user_id: userId })
        .whereNotNull('contact_id')
        .orderBy('contact_id')
        .limit(limit)) as Row[];
      return rows.map(({ contact_id }) => String(contact_id));
    },
  };
}

/** Every stay of each key's user, the latest last. */
export async function readStaysOf(knex: Knex, keys: readonly MemberKey[]): Promise<Member[][]> {
  const stays = await inChunks(keys, async (some) => {
    // As numbers: MySQL compares several rows of texts with numbers as floats, in which neighbouring ids are equal.
    const pairs = some.map(({ conversationId, userId }) => [BigInt(conversationId), BigInt(userId)]);
    const of = (table: string) => knex(table).whereIn(['conversation_id', 'user_id'], pairs as never);
    const [earlier, latest] = await Promise.all([of('earlier_stays'), of('members')]);
    return [...(earlier as Row[]), ...(latest as Row[])].map(toMember);
  });
  const byKey = Map.groupBy(stays, ({ conversationId, userId }) => `${conversationId}/${userId}`);
  return keys.map(({ conversationId, userId }) => {
    const own = byKey.get(`${conversationId}/${userId}`) ?? [];
    return own.sort((a, b) => (a.joinedSeq < b.joinedSeq ? -1 : 1));
  });
}
