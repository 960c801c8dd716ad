/** Gives a user's inbox what was fanned out on read: the numbers of large groups' messages are given when a member asks. */
import type { ConversationId, Seq, UserId } from '../domain/ids.ts';
import { minSeq } from '../domain/receipt.ts';
import type { ConversationLog } from './conversation-log.ts';
import type { FanOut } from './fan-out.ts';
import type { Entry, InboxWriter } from './inbox-writer.ts';
import { type Roster, type Rosters, visibleHead } from './rosters.ts';

export type InboxSync = ReturnType<typeof createInboxSync>;

export function createInboxSync(ports: {
  rosters: Rosters;
  log: ConversationLog;
  writer: InboxWriter;
  fanOut: FanOut;
}) {
  const { rosters, log, writer, fanOut } = ports;

  /** The conversations whose messages a user gets by asking: large groups, and those they left while it was large. */
  async function onReadRosters(userId: UserId): Promise<Roster[]> {
    const ids = await rosters.conversationIdsOf(userId);
    const found: Roster[] = [];
    for (const id of ids) {
      const cached = rosters.get(id);
      const roster = cached instanceof Promise ? await cached : cached;
      const member = roster?.members.get(userId);
      if (roster != null && member !== undefined && (member.leftSeq !== null || fanOut.isOnRead(roster)))
        found.push(roster);
    }
    return found;
  }

  async function enter(
    userId: UserId,
    wanted: readonly Roster[],
    upTo?: ReadonlyMap<ConversationId, Seq>,
  ): Promise<void> {
    if (wanted.length === 0) return;
    const heads = await log.heads(wanted.map(({ conversation }) => conversation));
    const entries: Entry[] = [];
    wanted.forEach(({ conversation, members }, index) => {
      const member = members.get(userId);
      if (member === undefined) return;
      const visible = visibleHead(member, heads[index]?.seq ?? 0n);
      const end = minSeq(visible, upTo?.get(conversation.id) ?? visible);
      if (end > member.joinedSeq) {
        entries.push({ userId, conversationId: conversation.id, joinedSeq: member.joinedSeq, upTo: end });
      }
    });
    await writer.enter(entries);
  }

  return {
    onReadRosters,

    /** Enters all that a user has not got yet; after it the inbox head covers every message there is for them. */
    async enterAll(userId: UserId): Promise<void> {
      await fanOut.settle(await rosters.conversationIdsOf(userId));
      await enter(userId, await onReadRosters(userId));
    },

    /** The same for the conversations named, up to a number in each. */
    async enterConversations(userId: UserId, upTo: ReadonlyMap<ConversationId, Seq>): Promise<void> {
      await fanOut.settle([...upTo.keys()]);
      const wanted = (await onReadRosters(userId)).filter(({ conversation }) => upTo.has(conversation.id));
      await enter(userId, wanted, upTo);
    },
  };
}
