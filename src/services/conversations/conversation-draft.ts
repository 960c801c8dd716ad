/** A conversation that is not stored yet. */
import type { Conversation } from '../../domain/conversation.ts';
import type { Clock, ConversationId } from '../../domain/ids.ts';
import { monthOf } from '../../domain/month.ts';
import { snowflakeTime } from '../../domain/snowflake.ts';
import type { GroupProfile } from './group-profile.ts';

export function createConversationDrafts({ newId, clock }: { newId: () => ConversationId; clock: Clock }) {
  return (kind: Conversation['kind'], profile: GroupProfile): Conversation => {
    const id = newId();
    const createdAt = clock();
    // Never before the month of the next ids, so that a search from an id's month finds its message.
    const firstMonth = monthOf(Math.max(createdAt, snowflakeTime(id)));
    return { id, kind, ...profile, createdAt, firstMonth };
  };
}
