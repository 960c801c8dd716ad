/** Puts changes of groups and their members into plain English, for clients that do not do so themselves. */
import type { SystemEvent } from '../../domain/message.ts';
import type { MembershipChange } from '../../stores/conversation-store.ts';
import type { UserStore } from '../../stores/user-store.ts';

const namedInTextMax = 5;

/** The text of a change's message. Later renames of users do not change it. */
export async function describeChange(users: UserStore, { actorId, event }: MembershipChange): Promise<string> {
  const others = event.userIds.filter((id) => id !== actorId);
  const shown = others.slice(0, namedInTextMax);
  const found = await users.get([actorId, ...shown]);
  const [actor = '', ...names] = found.map((user) => user?.displayName ?? 'Somebody');
  const more = others.length - shown.length;
  return sentence(event, actor, [...names, ...(more > 0 ? [`${more} more`] : [])].join(', '));
}

function sentence(event: SystemEvent, actor: string, others: string): string {
  const { kind, title, role } = event;
  switch (kind) {
    case 'GROUP_CREATED':
      return `${actor} created the group “${title ?? ''}”${others === '' ? '' : ` with ${others}`}.`;
    case 'MEMBERS_ADDED':
      return `${actor} added ${others}.`;
    case 'MEMBERS_REMOVED':
      return `${actor} removed ${others}.`;
    case 'MEMBER_LEFT':
      return `${actor} left.`;
    case 'ROLE_CHANGED':
      return `${actor} made ${others} ${role === undefined ? 'a member' : roleNames[role]}.`;
    case 'GROUP_UPDATED':
      return `${actor} changed ${changedParts(event).join(', ')}.`;
  }
}

const roleNames = { OWNER: 'the owner', ADMIN: 'an admin', MEMBER: 'a plain member' } as const;

function changedParts({ title, description, avatarUrl }: SystemEvent): string[] {
  const parts = title === undefined ? [] : [`the title to “${title}”`];
  if (description !== undefined) parts.push('the description');
  if (avatarUrl !== undefined) parts.push('the picture');
  return parts;
}
