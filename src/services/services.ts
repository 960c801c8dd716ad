import type { AccountService } from './accounts/account-service.ts';
import type { ConversationService } from './conversations/conversation-service.ts';
import type { InboxService } from './inbox/inbox-service.ts';
import type { HistoryService } from './messages/history-service.ts';
import type { MessageService } from './messages/message-service.ts';
import type { PresenceService } from './presence/presence-service.ts';
import type { ReceiptService } from './receipts/receipt-service.ts';
import type { ReceiptWatch } from './receipts/receipt-watch.ts';
import type { StatusService } from './receipts/status-service.ts';
import type { ServerInfoService } from './server-info.ts';
import type { StreamService } from './stream/stream-service.ts';

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
  readonly server: ServerInfoService;
}
