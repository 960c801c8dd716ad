import type { Knex } from 'knex';
import type { Conversation, ConversationKind, Member, MemberRole } from '../../domain/conversation.ts';
import type { Millis, Seq, UserId } from '../../domain/ids.ts';
import { isDeparture, type SystemEvent } from '../../domain/message.ts';
import type { ConversationStore, MembershipChange } from '../conversation-store.ts';
import { inChunks } from './in-chunks.ts';
import { guardStore, isUniqueViolation } from './sql-errors.ts';

type Row = Record<string, unknown>;

/** @param timeoutMs - deadline of a call, including the wait for a connection */
export function createSqlConversationStore(knex: Knex, timeoutMs: Millis): ConversationStore {
  async function findByDirectKey(key: string): Promise<Conversation | null> {
    const [row] = (await knex('conversations').where({ direct_key: key }).limit(1)) as Row[];
    return row === undefined ? null : toConversation(row);
  }

  const store: ConversationStore = {
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

    async createGroup(conversation, change) {
      await knex.transaction(async (trx) => {
        await trx('conversations').insert(fromConversation(conversation));
        await trx('membership_changes').insert(fromChange(change));
      });
    },

    async get(ids) {
      const unique = [...new Set(ids)];
      const rows = await inChunks(unique, async (some) => (await knex('conversations').whereIn('id', some)) as Row[]);
      const byId = new Map(rows.map((row) => [String(row.id), toConversation(row)]));
      return ids.map((id) => byId.get(id) ?? null);
    },

    findDirect: (userIds) => findByDirectKey(directKey(userIds)),

    async listMembers(conversationId) {
      const rows = (await knex('members').where({ conversation_id: conversationId }).orderBy('user_id')) as Row[];
      return rows.map(toMember);
    },

    async listEarlierStays(conversationId) {
      const order = [{ column: 'user_id' }, { column: 'joined_seq' }];
      const rows = (await knex('earlier_stays').where({ conversation_id: conversationId }).orderBy(order)) as Row[];
      return rows.map(toMember);
    },

    async listMemberships(userId) {
      const rows = (await knex('members').where({ user_id: userId }).orderBy('conversation_id')) as Row[];
      return rows.map(toMember);
    },

    async beginChange(change) {
      await knex('membership_changes').insert(fromChange(change));
    },

    async settleChange(change, seq) {
      await knex.transaction(async (trx) => {
        // The call that removes the record applies it; a repeated call does not find it.
        const removed = await trx('membership_changes').where({ id: change.id }).delete();
        if (removed === 0) return;
        if (isDeparture(change.event)) await removeMembers(trx, change, seq);
        else await addMembers(trx, change, seq);
      });
    },

    async dropChange(id) {
      await knex('membership_changes').where({ id }).delete();
    },

    async listUnsettled() {
      const rows = (await knex('membership_changes').orderBy('id')) as Row[];
      return rows.map(toChange);
    },

    async setRole(conversationId, userId, role) {
      await knex('members').where({ conversation_id: conversationId, user_id: userId }).update({ role });
    },
  };
  return guardStore(store, timeoutMs);
}

async function addMembers(
  trx: Knex.Transaction,
  { conversationId, actorId, event }: MembershipChange,
  seq: Seq,
): Promise<void> {
  const joinedSeq = String(seq - 1n);
  await inChunks([...new Set(event.userIds)], async (userIds) => {
    const known = (await trx('members')
      .where({ conversation_id: conversationId })
      .whereIn('user_id', userIds)) as Row[];
    const ended = known.filter(({ left_seq }) => left_seq !== null);
    if (ended.length > 0) {
      await trx('earlier_stays').insert(ended);
      const returning = ended.map(({ user_id }) => user_id as Knex.Value);
      await trx('members')
        .where({ conversation_id: conversationId })
        .whereIn('user_id', returning)
        .update({ role: 'MEMBER', joined_seq: joinedSeq, left_seq: null });
    }
    const knownIds = new Set(known.map(({ user_id }) => String(user_id)));
    const added = userIds.filter((userId) => !knownIds.has(userId));
    if (added.length === 0) return [];
    await trx('members').insert(
      added.map((userId) => ({
        conversation_id: conversationId,
        user_id: userId,
        role: event.kind === 'GROUP_CREATED' && userId === actorId ? 'OWNER' : 'MEMBER',
        joined_seq: joinedSeq,
        left_seq: null,
      })),
    );
    return [];
  });
}

async function removeMembers(
  trx: Knex.Transaction,
  { conversationId, event }: MembershipChange,
  seq: Seq,
): Promise<void> {
  await inChunks(event.userIds, async (userIds) => {
    await trx('members')
      .where({ conversation_id: conversationId, left_seq: null })
      .whereIn('user_id', userIds)
      .update({ left_seq: String(seq) });
    return [];
  });
  const active = trx('members').where({ conversation_id: conversationId, left_seq: null });
  const [owner] = (await active.clone().where({ role: 'OWNER' }).limit(1)) as Row[];
  if (owner !== undefined) return;
  const order = [{ column: 'joined_seq' }, { column: 'user_id' }];
  const [admin] = (await active.clone().where({ role: 'ADMIN' }).orderBy(order).limit(1)) as Row[];
  const heir = admin ?? ((await active.clone().orderBy(order).limit(1)) as Row[])[0];
  if (heir === undefined) return;
  await trx('members').where({ conversation_id: conversationId, user_id: heir.user_id }).update({ role: 'OWNER' });
}

/** The same for both orders of a pair. Stricter than the domain's key: invalid ids never reach the table. */
function directKey([a, b]: readonly [UserId, UserId]): string {
  return BigInt(a) < BigInt(b) ? `${a}:${b}` : `${b}:${a}`;
}

function fromConversation({ id, kind, title, createdAt, firstMonth }: Conversation) {
  return { id, kind, title, created_at: createdAt, first_month: firstMonth, direct_key: null };
}

function toConversation(row: Row): Conversation {
  return {
    id: String(row.id),
    kind: row.kind as ConversationKind,
    title: (row.title as string | null) ?? null,
    createdAt: Number(row.created_at),
    firstMonth: row.first_month as string,
  };
}

function toMember(row: Row): Member {
  return {
    conversationId: String(row.conversation_id),
    userId: String(row.user_id),
    role: row.role as MemberRole,
    joinedSeq: BigInt(row.joined_seq as string | bigint),
    leftSeq: row.left_seq === null ? null : BigInt(row.left_seq as string | bigint),
  };
}

function fromChange({ id, conversationId, actorId, event, at }: MembershipChange) {
  return { id, conversation_id: conversationId, actor_id: actorId, event: JSON.stringify(event), at };
}

function toChange(row: Row): MembershipChange {
  return {
    id: String(row.id),
    conversationId: String(row.conversation_id),
    actorId: String(row.actor_id),
    event: JSON.parse(row.event as string) as SystemEvent,
    at: Number(row.at),
  };
}
