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

export const listBounds: Readonly<Record<string, ListBound>> = {
  'AckMessagesPayload.conversations': { max: ackedMax },
  'Message.attachments': { max: attachmentsMax },
  'Query.presence': { max: presenceUsersMax },
  'ServerInfo.degraded': { max: componentsMax },
  'StreamTruncated.backlogs': { max: streamDefaults.catchUpPage },
  // Most messages record no change, and most changes concern one user.
  'SystemEvent.users': { max: shownUsersMax, counted: 20 },
};
