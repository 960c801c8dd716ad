import type { UserId } from '../../domain/ids.ts';
import type { Directory } from '../directory.ts';
import type { Account } from '../user-store.ts';
import { createMemoryAccountControl } from './memory-account-control.ts';
import { createMemoryConversationStore } from './memory-conversation-store.ts';
import { createMemoryDeviceStore, type DeviceEntries } from './memory-device-store.ts';
import { createMemoryUserStore } from './memory-user-store.ts';

/** The directory in memory. All data ends with the process. */
export function createMemoryDirectory(): Directory {
  const accounts = new Map<UserId, Account>();
  const devices: DeviceEntries = new Map();
  return {
    users: createMemoryUserStore(accounts),
    devices: createMemoryDeviceStore(accounts, devices),
    accountControl: createMemoryAccountControl(accounts, devices),
    conversations: createMemoryConversationStore(),
    ping: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
