import type { Membership } from '../../src/services/log/conversation-log.ts';

/** Member lists in which everybody is a member. */
export const everybody: Membership = { membersAt: (_id, _version, userIds) => new Set(userIds) };
