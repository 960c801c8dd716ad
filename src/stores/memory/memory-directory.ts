import type { Directory } from '../directory.ts';
import { createMemoryConversationStore } from './memory-conversation-store.ts';
import { createMemoryUserStore } from './memory-user-store.ts';

/** The directory in memory. All data ends with the process. */
export function createMemoryDirectory(): Directory {
  return {
    users: createMemoryUserStore(),
    conversations: createMemoryConversationStore(),
    ping: async () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}
