/** Acknowledgements are checked against the members that the named messages follow. */
import { expect, it } from 'vitest';
import type { InboxService } from '../../../src/services/inbox/inbox-service.ts';
import type { ConversationLog } from '../../../src/services/log/conversation-log.ts';
import type { MemberLists } from '../../../src/services/members/member-lists.ts';
import { createAckCoverage } from '../../../src/services/receipts/ack-coverage.ts';
import { aConversation, aMessage } from '../../support/drafts.ts';

const viewer = { userId: '101', deviceId: '1', expiresAt: 0 };
const conversation = aConversation();
const message = aMessage(9n, { membershipSeq: 7n });

/** Member lists of a viewer who left with number 4 and came back with number 7, which the list in memory lacks. */
function listsOf() {
  const stay = { conversationId: '1', userId: '101', role: 'MEMBER' as const, joinedSeq: 0n, leftSeq: 4n };
  const old = { conversation, stays: () => [stay] };
  const current = { conversation, stays: () => [stay, { ...stay, joinedSeq: 6n, leftSeq: null }] };
  return {
    memberOf: async () => stay,
    require: async () => ({ memberList: old, member: stay }),
    at: async (_id: string, version: bigint) => (version >= 7n ? current : old),
  } as unknown as MemberLists;
}

const coverage = createAckCoverage({
  memberLists: listsOf(),
  log: {
    findByIds: async (ids: readonly string[]) => ids.map(() => message),
    heads: async () => [message],
  } as unknown as ConversationLog,
  inbox: {} as InboxService,
});

it.each([{ messageIds: [message.id] }, { upTo: [{ conversationId: '1', seq: 9n }] }])(
  'are not refused to a user who has rejoined since the list in memory was read: %o',
  async (named) => {
    expect(await coverage.namedPositions(viewer, { status: 'READ', ...named })).toEqual(new Map([['1', 9n]]));
  },
);
