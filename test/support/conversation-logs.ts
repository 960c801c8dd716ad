/** Conversation logs over a store in memory, each as an instance of its own. */
import { vi } from 'vitest';
import { DomainError } from '../../src/domain/errors.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import {
  type ConversationLogSettings,
  createConversationLog,
  type Membership,
} from '../../src/services/log/conversation-log.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import type { MessageLog } from '../../src/stores/message-log.ts';
import { aConversation, january } from './drafts.ts';
import { everybody } from './everybody.ts';

let workers = 0;

/** A log over a store whose calls are counted; several may share one store. */
export function setUpLog(
  options: {
    store?: MessageLog;
    settings?: Partial<ConversationLogSettings>;
    isTrusted?: boolean;
    membership?: Membership;
    isSoleWriter?: boolean;
    onError?: (error: unknown, what: string) => void;
  } = {},
) {
  const store = options.store ?? createMemoryMessageStore().messageLog;
  const calls = {
    append: vi.fn(store.append),
    tails: vi.fn(store.tails),
    findByKeys: vi.fn(store.findByKeys),
  };
  const list = vi.fn(store.list);
  const port: MessageLog = { ...store, ...calls, list };
  const time = { now: january, latest: Number.POSITIVE_INFINITY, elapsed: 0 };
  const worker = workers++ % 1024;
  const told: bigint[] = [];
  const log = createConversationLog({
    log: port,
    clock: {
      now: () => time.now,
      latest: () => time.latest,
      isTrusted: () => options.isTrusted ?? true,
    },
    elapsed: () => time.elapsed,
    newId: createSnowflakes(
      () => time.now,
      () => worker,
    ).next,
    membership: options.membership ?? everybody,
    isSoleWriter: options.isSoleWriter ?? true,
    onError: options.onError ?? failOnError,
    settings: { recentMax: 10, chainsMax: 10, ...options.settings },
  });
  log.follow({ note: (messages) => told.push(...messages.map(({ seq }) => seq)) });
  return { store, port, log, time, told, ...calls, list };
}

function failOnError(error: unknown, what: string): never {
  throw new Error(what, { cause: error });
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'none';
  } catch (error) {
    return error instanceof DomainError ? error.code : String(error);
  }
}

export const conversation = aConversation();
