import type { AccountService } from './account-service.ts';
import type { ConversationService } from './conversation-service.ts';
import type { HistoryService } from './history-service.ts';
import type { InboxService } from './inbox-service.ts';
import type { MessageService } from './message-service.ts';
import type { PresenceService } from './presence-service.ts';
import type { ReceiptService } from './receipt-service.ts';
import type { ReceiptWatch } from './receipt-watch.ts';
import type { ServerService } from './server-service.ts';
import type { StatusService } from './status-service.ts';
import type { StreamService } from './stream-service.ts';

/** Everything the product does, for resolvers. */
export interface Services {
  readonly accounts: AccountService;
  readonly conversations: ConversationService;
  readonly messages: MessageService;
  readonly inbox: InboxService;
  readonly history: HistoryService;
  readonly receipts: ReceiptService;
  readonly receiptWatch: ReceiptWatch;
  readonly statuses: StatusService;
  readonly streams: StreamService;
  readonly presence: PresenceService;
  readonly server: ServerService;
}
