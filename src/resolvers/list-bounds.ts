/**
 * How long the lists of the schema can be that have no page size. Every other list is a page. The cost of an operation counts both,
 * and `test/house/list-bounds.test.ts` fails for a list that is neither.
 */
import { attachmentsMax } from '../services/messages/message-service.ts';
import { presenceUsersMax } from '../services/presence/presence-service.ts';
import { ackedMax } from '../services/receipts/receipt-service.ts';
import { componentsMax } from '../services/server-info.ts';
import { streamDefaults } from '../services/stream/stream-service.ts';

export interface ListBound {
  readonly max: number;
  /** Items that the cost counts, where few lists come near the maximum. Longer ones are counted by their bytes when they are read. */
  readonly counted?: number;
}

/** A change can affect thousands of users, and is shown to every member of the group. */
export const shownUsersMax = 200;

/** Ids in one look-up of nodes. Each may be of any type, so each is looked up several times. */
export const nodesMax = 100;

export const listBounds: Readonly<Record<string, ListBound>> = {
  'AckMessagesPayload.conversations': { max: ackedMax },
  'Message.attachments': { max: attachmentsMax },
  'Query.nodes': { max: nodesMax },
  'Query.presence': { max: presenceUsersMax },
  'ServerInfo.degraded': { max: componentsMax },
  'StreamTruncated.backlogs': { max: streamDefaults.catchUpPage },
  // Most messages record no change, and most changes concern one user.
  'SystemEvent.users': { max: shownUsersMax, counted: 20 },
  // The most that DEVICES_PER_USER_MAX can be set to; few users have more than the default.
  'Viewer.devices': { max: 1_000, counted: 50 },
};
