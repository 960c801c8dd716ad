/** The messages that status changes name: of each sender, the newest one that has got further. */
import type { ByteBudget, ByteBudgets } from '../../domain/byte-budget.ts';
import type { Conversation } from '../../domain/conversation.ts';
import { DomainError } from '../../domain/errors.ts';
import { type Millis, maxSeq, minSeq } from '../../domain/ids.ts';
import type { Message } from '../../domain/message.ts';
import type { ConversationLog } from '../log/conversation-log.ts';
import type { StatusAdvance } from './positions.ts';

/** Maximum number of messages searched, from the newest down, and how many are held at a time. */
const searchedMax = 500;
const pageSize = 100;
/** How often, and after which time, a page is read again that the server had no room for. */
const triesMax = 10;
const retryAfterMs: Millis = 1_000;

export interface NamedMessagesPorts {
  readonly log: Pick<ConversationLog, 'list'>;
  /** Counts the bytes that the search reads; absent in tests. */
  readonly budgets?: ByteBudgets;
}

/**
 * The message that each advance names, as far as there is one.
 *
 * @throws DomainError `OVERLOADED`: operations have held too many bytes for too long
 */
export async function findNamed(
  { log, budgets }: NamedMessagesPorts,
  conversation: Conversation,
  advances: readonly StatusAdvance[],
): Promise<ReadonlyMap<StatusAdvance, Message>> {
  const named = new Map<StatusAdvance, Message>();
  const newest = advances.reduce((seq, advance) => maxSeq(seq, advance.seq), 0n);
  const oldest = advances.reduce((seq, { sinceSeq }) => minSeq(seq, sinceSeq), newest) + 1n;
  const end = maxSeq(oldest, newest - BigInt(searchedMax) + 1n);
  for (let toSeq = newest; toSeq >= end && named.size < advances.length; toSeq -= BigInt(pageSize)) {
    const fromSeq = maxSeq(end, toSeq - BigInt(pageSize) + 1n);
    await withRoom(budgets, async (budget) => {
      const page = await log.list(conversation, { fromSeq, toSeq, limit: pageSize }, budget);
      for (const advance of advances) {
        const found = named.has(advance) ? undefined : page.findLast((message) => isNamedBy(advance, message));
        if (found !== undefined) named.set(advance, found);
      }
    });
  }
  return named;
}

function isNamedBy({ senderId, sinceSeq, seq }: StatusAdvance, message: Message): boolean {
  return message.senderId === senderId && message.seq > sinceSeq && message.seq <= seq;
}

/** Calls a function with the budget of a page, and again after a while if the server holds too many bytes. */
async function withRoom(
  budgets: ByteBudgets | undefined,
  read: (budget: ByteBudget | undefined) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const budget = budgets?.openPage();
    try {
      await read(budget);
      return;
    } catch (error) {
      const isBusy = error instanceof DomainError && error.code === 'OVERLOADED';
      if (!isBusy || tries === triesMax) throw error;
    } finally {
      budget?.release();
    }
    await new Promise((resolve) => setTimeout(resolve, retryAfterMs).unref());
  }
}
