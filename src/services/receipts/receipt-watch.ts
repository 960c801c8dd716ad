/** Positions and statuses as live events, for one or all of the viewer's conversations. */
import { isActive } from '../../domain/conversation.ts';
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
  onError: (error: unknown, what: string) => void;
}) {
  const { memberPositions, memberLists, bus, clock, onError } = ports;

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
     * With `conversationId`, the current positions and then every change; without it, the changes in all of the viewer's
     * conversations, including later ones. A user who has left a conversation gets only their own position in it.
     *
     * @throws DomainError `NOT_FOUND` on opening: the conversation does not exist, or is hidden from the viewer
     */
    watch(viewer: Viewer, conversationId: ConversationId | null): EventSource<ReceiptHint> {
      return {
        async open(sink) {
          const held = createLatestEvents(sink);
          const tell = (hint: ReceiptHint) => held.push(`${hint.conversationId}/${hint.userId}`, hint);
          const watched = new Map<ConversationId, () => void>();
          let isClosed = false;

          async function follow(id: ConversationId): Promise<void> {
            if (watched.has(id)) return;
            watched.set(id, () => {});
            const stop = await bus.subscribe(topics.receipts(id), tell);
            if (isClosed || !watched.has(id)) stop();
            else watched.set(id, stop);
          }

          async function isMember(id: ConversationId): Promise<boolean> {
            return isActive(await memberLists.memberOf(id, viewer.userId));
          }

          async function review(id: ConversationId): Promise<void> {
            if (await isMember(id)) {
              if (conversationId === null || conversationId === id) await follow(id);
            } else {
              watched.get(id)?.();
              watched.delete(id);
            }
          }

          const stopMemberships = await bus.subscribe(topics.memberships(viewer.userId), ({ conversationId: id }) => {
            review(id).catch((error: unknown) => onError(error, 'receipt watch'));
          });
          const close = () => {
            isClosed = true;
            stopMemberships();
            for (const stop of watched.values()) stop();
            watched.clear();
          };
          try {
            if (conversationId === null) {
              const ids = await memberLists.conversationIdsOf(viewer.userId);
              for (const id of ids) await review(id);
            } else {
              const { memberList } = await memberLists.require(conversationId, viewer.userId);
              await review(conversationId);
              for (const position of await presentPositions(viewer, memberList)) tell(position);
            }
          } catch (error) {
            close();
            throw error;
          }
          return close;
        },
      };
    },

    /** Status changes of the viewer's own messages from now on; the current status is in `Message.status`. */
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
