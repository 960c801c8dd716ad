import { describe, expect, it, vi } from 'vitest';
import { DomainError } from '../../../src/domain/errors.ts';
import type { Follower } from '../../../src/services/log/conversation-log.ts';
import { conversation, setUpLog as createLog } from '../../support/conversation-logs.ts';
import { aDraft } from '../../support/drafts.ts';

/** A log whose followers are recorded at once. */
function setUpLog(options: Parameters<typeof createLog>[0] = {}) {
  return createLog({ ...options, settings: { recordEveryMs: 0, ...options.settings } });
}

const everything = Number.POSITIVE_INFINITY;

/** A follower whose turns end when the test says so. */
function aFollower() {
  const calls: { seqs: bigint[]; resolve: () => void; reject: (error: unknown) => void }[] = [];
  const follower: Follower = {
    take: (_id, messages) =>
      new Promise((resolve, reject) => {
        calls.push({ seqs: messages.map(({ seq }) => seq), resolve, reject });
      }),
  };
  return { follower, calls };
}

describe('followers of the log', () => {
  it('take messages in the order in which they were added, before the sender is answered', async () => {
    const { log } = setUpLog();
    const order: string[] = [];
    for (const name of ['first', 'second'])
      log.follow({
        note: () => order.push(`${name} notes`),
        take: async () => void order.push(`${name} takes`),
        finish: async () => void order.push(`${name} finishes`),
      });
    await log.append(conversation, aDraft());
    order.push('answered');
    await log.close();
    expect(order).toEqual([
      'first notes',
      'second notes',
      'first takes',
      'second takes',
      'answered',
      'first finishes',
      'second finishes',
    ]);
  });

  it('leave a message unfinished until each of them is done with it', async () => {
    const { store, log } = setUpLog();
    const [one, other] = [aFollower(), aFollower()];
    log.follow(one.follower);
    log.follow(other.follower);
    const { message } = await log.append(conversation, aDraft());
    one.calls[0]?.resolve();
    expect(log.pending).toBe(1);
    expect(log.oldestPendingAt).toBe(message.sentAt);
    expect(await store.listUnfinished(everything, 10)).toHaveLength(1);
    other.calls[0]?.resolve();
    await log.close();
    expect(await store.listUnfinished(everything, 10)).toEqual([]);
    expect([log.pending, log.oldestPendingAt]).toEqual([0, null]);
  });

  it('get what one of them gave up again with the next sweep', async () => {
    const errors: unknown[] = [];
    const { store, log } = setUpLog({ onError: (error) => errors.push(error) });
    const { follower, calls } = aFollower();
    log.follow(follower);
    await log.append(conversation, aDraft());
    calls[0]?.reject(new DomainError('UNAVAILABLE', 'not now'));
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    const swept = log.sweep(everything);
    await vi.waitFor(() => expect(calls).toHaveLength(2));
    calls[1]?.resolve();
    expect(await swept).toBe(1);
    expect(calls[1]?.seqs).toEqual([1n]);
    expect(await store.listUnfinished(everything, 10)).toEqual([]);
  });

  it('get what an earlier process left behind, in runs without a hole', async () => {
    const { store, log: earlier } = setUpLog();
    earlier.follow(aFollower().follower);
    const messages = [];
    for (let count = 0; count < 4; count += 1) messages.push((await earlier.append(conversation, aDraft())).message);
    await store.markFollowed([{ month: '2026-01', id: messages[1]?.id ?? '' }]);
    const { log } = setUpLog({ store });
    const taken: bigint[][] = [];
    log.follow({ take: async (_id, run) => void taken.push(run.map(({ seq }) => seq)) });
    expect(await log.sweep(everything)).toBe(3);
    expect(taken).toEqual([[1n], [3n, 4n]]);
  });

  it('are not given by a sweep what they are still busy with', async () => {
    const { log } = setUpLog();
    const { follower, calls } = aFollower();
    log.follow(follower);
    await log.append(conversation, aDraft());
    expect(await log.sweep(everything)).toBe(0);
    expect(calls).toHaveLength(1);
    calls[0]?.resolve();
    await log.close();
  });
});
