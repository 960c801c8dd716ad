/**
 * Prepares a move: the operations of many commits, without superseded ones. The cost of an index is per row, and in busy
 * conversations a third of the rows remain.
 */
import type { MessageId } from '../../domain/ids.ts';
import { type InboxRun, lastInboxSeq } from '../../domain/inbox.ts';
import type { Month } from '../../domain/month.ts';
import type { Operation } from './journal-entry.ts';

/** A message, and whether it is marked as followed in the same move. */
export type CondensedOperation =
  | Exclude<Operation, { type: 'message' }>
  | (Extract<Operation, { type: 'message' }> & { readonly followed: boolean });

/**
 * - A message and its mark as followed become one row, so that the index of unfinished messages is not touched.
 * - Only the last position of a member or a device remains, and the last activity of a user's conversation, also of those in runs.
 * - Runs of a user that are consecutive both in the inbox and in the conversation become one run.
 *
 * @param operations - in commit order; the result gives the same tables in any order
 */
export function condense(operations: readonly Operation[]): CondensedOperation[] {
  const marks = new Places();
  for (const operation of operations) if (operation.type === 'followed') marks.add(operation.month, operation.id);
  const condensed: CondensedOperation[] = [];
  const written = new Places();
  const latest = new Map<string, Extract<Operation, { type: 'receipt' | 'acked' | 'active' }>>();
  const runs = new Map<string, InboxRun>();
  for (const operation of operations) {
    switch (operation.type) {
      case 'message':
        written.add(operation.month, operation.row.id);
        condensed.push({ ...operation, followed: marks.has(operation.month, operation.row.id) });
        break;
      case 'followed':
        if (!written.has(operation.month, operation.id)) condensed.push(operation);
        break;
      case 'receipt':
        latest.set(`r${operation.receipt.conversationId}/${operation.receipt.userId}`, operation);
        break;
      case 'acked':
        latest.set(`a${operation.userId}/${operation.deviceId}`, operation);
        break;
      case 'active':
        latest.set(`v${operation.userId}/${operation.conversationId}`, operation);
        break;
      case 'run': {
        const { run, activeAt: at } = operation;
        const { userId, conversationId } = run;
        if (at !== undefined)
          latest.set(`v${userId}/${conversationId}`, { type: 'active', userId, conversationId, at });
        const last = runs.get(run.userId);
        if (last !== undefined && continues(last, run)) {
          runs.set(run.userId, { ...last, toSeq: run.toSeq });
        } else {
          if (last !== undefined) condensed.push({ type: 'run', run: last });
          runs.set(run.userId, run);
        }
        break;
      }
      default:
        condensed.push(operation);
    }
  }
  for (const run of runs.values()) condensed.push({ type: 'run', run });
  for (const operation of latest.values()) condensed.push(operation);
  return condensed;
}

/** Messages by month and id. */
class Places {
  private readonly byMonth = new Map<Month, Set<MessageId>>();

  add(month: Month, id: MessageId): void {
    const ids = this.byMonth.get(month);
    if (ids === undefined) this.byMonth.set(month, new Set([id]));
    else ids.add(id);
  }

  has(month: Month, id: MessageId): boolean {
    return this.byMonth.get(month)?.has(id) ?? false;
  }
}

function continues(last: InboxRun, run: InboxRun): boolean {
  return (
    !last.truncated &&
    !run.truncated &&
    run.conversationId === last.conversationId &&
    run.fromSeq === last.toSeq + 1n &&
    run.seq === lastInboxSeq(last) + 1n
  );
}
