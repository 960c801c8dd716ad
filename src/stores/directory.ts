import type { AccountControl } from './account-control.ts';
import type { ConversationStore } from './conversation-store.ts';
import type { DeviceStore } from './device-store.ts';
import type { UserStore } from './user-store.ts';

/** Users, devices and conversations in one database, opened and closed together. */
export interface Directory extends AsyncDisposable {
  readonly users: UserStore;
  readonly devices: DeviceStore;
  readonly accountControl: AccountControl;
  readonly conversations: ConversationStore;
  /**
   * Resolves if the database can commit a write now; otherwise rejects with the database's own error. The caller sets the
   * deadline.
   */
  ping(): Promise<void>;
}
