/** Positions and statuses as live events: of one conversation, or of all of the viewer's. */
import type { Clock, ConversationId } from '../../domain/ids.ts';
import type { Viewer } from '../../domain/user.ts';
import type { Bus } from '../../pubsub/bus.ts';
import type { EventSource } from '../../pubsub/event-source.ts';
import { type ReceiptHint, type StatusHint, topics } from '../../pubsub/topics.ts';
import { createLatestEvents } from '../latest-events.ts';
import type { MemberList, MemberLists } from '../members/member-lists.ts';
import type { MemberPositions } from './positions.ts';

export function createReceiptWatch(ports: {
  memberPositions: MemberPositions;
  memberLists: MemberLists;
  bus: Bus;
  clock: Clock;
}) {
  const { memberPositions, memberLists, bus, clock } = ports;

  async function presentPositions(viewer: Viewer, memberList: MemberList): Promise<ReceiptHint[]> {
    const { conversation } = memberList;
    const active = memberList.isLarge ? [] : memberList.active().map(({ userId }) => userId);
    // The positions of others in messages that a user who has left may not know of are not for that user.
    const userIds = active.includes(viewer.userId) ? active : [viewer.userId];
    const positions = await memberPositions.get(conversation.id, userIds);
    const at = clock();
    return userIds.map((userId, index) => ({
      conversationId: conversation.id,
      userId,
      deliveredSeq: positions[index]?.deliveredSeq ?? 0n,
      readSeq: positions[index]?.readSeq ?? 0n,
      at,
    }));
  }

  return {
    /**
     * With `conversationId` the present positions first, then every change; without it the changes in all of the viewer's
     * conversations, those that come later included. Members of a large group, and users who have left, get their own positions only.
     *
     * @throws DomainError `NOT_FOUND` on opening: no such conversation for the viewer
     */
    watch(viewer: Viewer, conversationId: ConversationId | null): EventSource<ReceiptHint> {
      return {
        async open(sink) {
          const held = createLatestEvents(sink);
          const tell = (hint: ReceiptHint) => held.push(`${hint.conversationId}/${hint.userId}`, hint);
          const stop = await bus.subscribe(topics.receipts(viewer.userId), (hint) => {
            if (conversationId === null || hint.conversationId === conversationId) tell(hint);
          });
          try {
            if (conversationId !== null) {
              const { memberList } = await memberLists.require(conversationId, viewer.userId);
              for (const position of await presentPositions(viewer, memberList)) tell(position);
            }
          } catch (error) {
            stop();
            throw error;
          }
          return stop;
        },
      };
    },

    /** Status changes of the viewer's own messages from now on; the present status is in `Message.status`. */
    watchStatuses(viewer: Viewer): EventSource<StatusHint> {
      return {
        open(sink) {
          const held = createLatestEvents(sink);
          return bus.subscribe(topics.statuses(viewer.userId), (change) =>
            held.push(`${change.messageId}/${change.status}`, change),
          );
        },
      };
    },
  };
}
