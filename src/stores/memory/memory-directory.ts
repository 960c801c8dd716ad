import type { UserId } from '../../domain/ids.ts';
import type { Directory } from '../directory.ts';
import type { Account } from '../user-store.ts';
import { createMemoryConversationStore } from './memory-conversation-store.ts';
import { createMemoryDeviceStore } from './memory-device-store.ts';
import { createMemoryUserStore } from './memory-user-store.ts';

/** The directory in memory. All data ends with the process. */
export function createMemoryDirectory(): Directory {
  const accounts = new Map<UserId, Account>();
  return {
    users: createMemoryUserStore(accounts),
    devices: createMemoryDeviceStore(accounts),
    conversations: createMemoryConversationStore(),
    ping: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
