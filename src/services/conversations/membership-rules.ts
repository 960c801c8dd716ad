/**
 * The rules for changing the members of a group, and the plans of changes.
 *
 * The owner can do everything. An admin can add users and remove plain members. Every member can leave; members cannot remove
 * themselves in any other way. Members of a direct conversation cannot change. The rules use the given member list, in which all
 * earlier changes are settled. A plan names only the affected users, and is null if there are none.
 */
import { isActive, type Member, type MemberRole } from '../../domain/conversation.ts';
import { badInput, DomainError } from '../../domain/errors.ts';
import type { UserId } from '../../domain/ids.ts';
import type { SystemEvent } from '../../domain/message.ts';
import type { MemberList } from '../members/member-lists.ts';

export type PlannedChange = SystemEvent;

/** @throws DomainError `FORBIDDEN`: not a group, or the member has left it */
export function requireActiveInGroup({ conversation }: MemberList, member: Member): void {
  if (conversation.kind !== 'GROUP') throw forbidden('Members of a direct conversation cannot change.');
  if (!isActive(member)) throw forbidden('You are no longer a member of this group.');
}

/** @throws DomainError `FORBIDDEN`: only the owner and admins can add members */
export function requireMayAdd({ role }: Member): void {
  if (role === 'MEMBER') throw forbidden('Only the owner and admins can add members.');
}

/**
 * @param wanted - users that exist, each once
 * @param known - those of them who are or were members
 */
export function planAdding(
  memberList: MemberList,
  wanted: readonly UserId[],
  known: ReadonlyMap<UserId, Member>,
  groupMembersMax: number,
): PlannedChange | null {
  const userIds = wanted.filter((id) => !isActive(known.get(id)));
  if (memberList.memberCount + userIds.length > groupMembersMax) throw tooManyMembers('userIds');
  return userIds.length === 0 ? null : { kind: 'MEMBERS_ADDED', userIds };
}

/** @throws DomainError `FORBIDDEN`: only the owner and admins can remove members */
export function requireMayRemove({ role }: Member): void {
  if (role === 'MEMBER') throw forbidden('Only the owner and admins can remove members.');
}

/**
 * @param wanted - users, each once
 * @param known - those of them who are or were members
 * @throws DomainError `FORBIDDEN`: the owner removes anybody else, an admin plain members
 */
export function planRemoving(
  remover: Member,
  wanted: readonly UserId[],
  known: ReadonlyMap<UserId, Member>,
): PlannedChange | null {
  if (wanted.includes(remover.userId)) throw badInput('userIds', 'Use leaveGroup to leave a group.');
  for (const id of wanted) {
    const member = known.get(id);
    if (member === undefined) throw new DomainError('NOT_FOUND', `User ${id} is not a member of this group.`);
    if (remover.role === 'ADMIN' && isActive(member) && member.role !== 'MEMBER') {
      throw forbidden('Only the owner can remove admins.');
    }
  }
  const userIds = wanted.filter((id) => isActive(known.get(id)));
  return userIds.length === 0 ? null : { kind: 'MEMBERS_REMOVED', userIds };
}

/** @throws DomainError `FORBIDDEN`: only the owner gives roles, and only to another member */
export function planRole(giver: Member, receiver: Member | undefined, role: MemberRole): PlannedChange | null {
  if (giver.role !== 'OWNER') throw forbidden('Only the owner can change roles.');
  if (receiver === undefined || !isActive(receiver)) throw new DomainError('NOT_FOUND', 'Member not found.');
  if (receiver.userId === giver.userId)
    throw badInput('userId', 'An owner cannot change their own role; give OWNER to another member.');
  return receiver.role === role ? null : { kind: 'ROLE_CHANGED', userIds: [receiver.userId], role };
}

export function checkNamedCount(userIds: readonly UserId[], namedMembersMax: number, field: string): void {
  if (userIds.length > namedMembersMax)
    throw badInput(field, `At most ${namedMembersMax} users per call.`, { max: namedMembersMax });
}

export function tooManyMembers(field: string): DomainError {
  return badInput(field, 'Group would exceed the maximum number of members.');
}

function forbidden(message: string): DomainError {
  return new DomainError('FORBIDDEN', message);
}
