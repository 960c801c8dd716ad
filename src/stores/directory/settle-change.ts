/**
 * Applies a membership change to the members and to their conversation. Every step uses an index over the users that the change
 * names, or reads one row.
 */
import type { Knex } from 'knex';
import { compareIds, type Seq, type UserId } from '../../domain/ids.ts';
import { isArrival, isDeparture, type SystemEvent } from '../../domain/message.ts';
import type { MembershipChange, Settlement } from '../conversation-store.ts';
import { type Row, toState } from './conversation-rows.ts';
import { inChunks } from './in-chunks.ts';
import { readStaysOf } from './sql-members.ts';

export async function settleChange(
  trx: Knex.Transaction,
  change: MembershipChange,
  seq: Seq,
  largeAbove: number,
): Promise<Settlement> {
  const { conversationId, event } = change;
  const before = await readState(trx, conversationId);
  await trx('membership_changes').where({ id: change.id }).delete();
  const isFirst = seq > before.version;
  const concerned = new Set<UserId>(event.userIds);
  if (isFirst) {
    let count = before.memberCount;
    if (isArrival(event)) count += await addMembers(trx, change, seq, before.isLarge);
    if (isDeparture(event)) {
      count -= await removeMembers(trx, change, seq, before.conversation.title);
      const heir = await appointOwner(trx, change);
      if (heir !== null) concerned.add(heir);
    }
    if (event.kind === 'ROLE_CHANGED') concerned.add(await changeRoles(trx, change));
    const isLarge = count > largeAbove;
    const mode = isLarge === before.isLarge ? {} : { is_large: isLarge ? 1 : 0, mode_since: String(seq) };
    if (isLarge && !before.isLarge) {
      // With a lower threshold a departure can do this too: users who left with it get the message about it in the new way.
      await trx('members')
        .where({ conversation_id: conversationId })
        .where((stay) => stay.whereNull('left_seq').orWhere({ left_seq: String(seq) }))
        .update({ on_read: 1 });
    }
    await trx('conversations')
      .where({ id: conversationId })
      .update({ version: String(seq), member_count: count, ...profileOf(event), ...mode });
  }
  return {
    state: isFirst ? await readState(trx, conversationId) : before,
    previousVersion: isFirst ? before.version : null,
    stays: (
      await readStaysOf(
        trx,
        [...concerned].sort(compareIds).map((userId) => ({ conversationId, userId })),
      )
    ).flat(),
  };
}

/** Reads a conversation's row, and locks it until the transaction ends. */
export async function readState(trx: Knex.Transaction, id: string) {
  const [row] = (await trx('conversations').where({ id }).forUpdate()) as Row[];
  if (row === undefined) throw new Error(`conversation ${id} of a membership change does not exist`);
  return toState(row);
}

/** @returns how many users became members */
async function addMembers(
  trx: Knex.Transaction,
  { conversationId, actorId, event }: MembershipChange,
  seq: Seq,
  isLarge: boolean,
): Promise<number> {
  const joinedSeq = String(seq - 1n);
  // A member who returns to a small group may still lack messages of an earlier stay: the mark is never taken off here.
  const mark = isLarge ? { on_read: 1 } : {};
  let count = 0;
  await inChunks([...new Set(event.userIds)], async (userIds) => {
    const known = (await trx('members')
      .where({ conversation_id: conversationId })
      .whereIn('user_id', userIds)) as Row[];
    const ended = known.filter(({ left_seq }) => left_seq !== null);
    if (ended.length > 0) {
      await trx('earlier_stays').insert(
        ended.map(({ conversation_id, user_id, role, joined_seq, left_seq }) => ({
          conversation_id,
          user_id,
          role,
          joined_seq,
          left_seq,
        })),
      );
      const returning = ended.map(({ user_id }) => user_id as Knex.Value);
      await trx('members')
        .where({ conversation_id: conversationId })
        .whereIn('user_id', returning)
        .update({ role: 'MEMBER', joined_seq: joinedSeq, left_seq: null, left_title: null, ...mark });
    }
    const knownIds = new Set(known.map(({ user_id }) => String(user_id)));
    const added = userIds.filter((userId) => !knownIds.has(userId));
    if (added.length > 0) {
      await trx('members').insert(
        added.map((userId) => ({
          conversation_id: conversationId,
          user_id: userId,
          role: event.kind === 'GROUP_CREATED' && userId === actorId ? 'OWNER' : 'MEMBER',
          joined_seq: joinedSeq,
          left_seq: null,
          ...mark,
        })),
      );
    }
    count += ended.length + added.length;
    return [];
  });
  return count;
}

/** @returns how many users are not members any more */
async function removeMembers(
  trx: Knex.Transaction,
  { conversationId, event }: MembershipChange,
  seq: Seq,
  title: string | null,
): Promise<number> {
  let count = 0;
  await inChunks([...new Set(event.userIds)], async (userIds) => {
    count += await trx('members')
      .where({ conversation_id: conversationId, left_seq: null })
      .whereIn('user_id', userIds)
      .update({ left_seq: String(seq), left_title: title });
    return [];
  });
  return count;
}

/** @returns the member who became owner because the group had none */
async function appointOwner(trx: Knex.Transaction, { conversationId }: MembershipChange): Promise<UserId | null> {
  const active = trx('members').where({ conversation_id: conversationId, left_seq: null });
  const longest = async (role: string) => {
    const order = [{ column: 'joined_seq' }, { column: 'user_id' }];
    const [row] = (await active.clone().where({ role }).orderBy(order).limit(1)) as Row[];
    return row;
  };
  if ((await longest('OWNER')) !== undefined) return null;
  const heir = (await longest('ADMIN')) ?? (await longest('MEMBER'));
  if (heir === undefined) return null;
  const userId = String(heir.user_id);
  await trx('members').where({ conversation_id: conversationId, user_id: userId }).update({ role: 'OWNER' });
  return userId;
}

/** @returns the actor, whose role may have changed too */
async function changeRoles(
  trx: Knex.Transaction,
  { conversationId, actorId, event: { userIds, role } }: MembershipChange,
): Promise<UserId> {
  const active = () => trx('members').where({ conversation_id: conversationId, left_seq: null });
  if (role === 'OWNER') await active().where({ user_id: actorId }).update({ role: 'ADMIN' });
  if (role !== undefined) await active().whereIn('user_id', userIds).update({ role });
  return actorId;
}

/** The columns of a conversation that an event changes. Knex leaves out what is undefined. */
function profileOf({ kind, title, description, avatarUrl }: SystemEvent): Row {
  return kind === 'GROUP_UPDATED' ? { title, description, avatar_url: avatarUrl } : {};
}
