import type { AccountService } from './accounts/account-service.ts';
import type { ConversationService } from './conversations/conversation-service.ts';
import type { InboxService } from './inbox/inbox-service.ts';
import type { MessageService } from './messages/message-service.ts';
import type { PresenceService } from './presence/presence-service.ts';
import type { ReceiptService } from './receipts/receipt-service.ts';
import type { ServerInfoService } from './server-info.ts';
import type { StreamService } from './stream/stream-service.ts';

/** All capabilities of the product, for resolvers. */
export interface Services {
  readonly accounts: AccountService;
  readonly conversations: ConversationService;
  readonly messages: MessageService;
  readonly inbox: InboxService;
  readonly receipts: ReceiptService;
  readonly streams: StreamService;
  readonly presence: PresenceService;
  readonly server: ServerInfoService;
}
