import { describe, expect, it, vi } from 'vitest';
import type { Month } from '../../../src/domain/month.ts';
import {
  applyTail,
  emptyHead,
  loadChains,
  openSegment,
  type SegmentChain,
  segmentsIn,
} from '../../../src/services/log/segment-chain.ts';
import { createMemoryMessageStore } from '../../../src/stores/memory/memory-message-store.ts';
import type { MessageRow } from '../../../src/stores/message-log.ts';
import { aConversation, aDraft, january } from '../../support/drafts.ts';

function aRow(seq: bigint, conversationId = '1'): MessageRow {
  const { id, kind, senderId, key } = aDraft();
  const sentAt = january + Number(seq);
  return {
    id,
    conversationId,
    seq,
    ordinal: seq,
    membershipSeq: 0n,
    kind,
    senderId,
    key,
    body: '{"text":"t"}',
    sentAt,
    followed: false,
  };
}

function aSeal(seq: bigint, next: Month, conversationId = '1') {
  return { id: aDraft().id, conversationId, seq, next };
}

function aChain(): SegmentChain {
  return {
    conversationId: '1',
    segments: [{ month: '2026-01', fromSeq: 1n, toSeq: 0n, lastSentAt: 0 }],
    head: emptyHead,
  };
}

describe('a chain', () => {
  it('moves its head by a tail, and never back', () => {
    const chain = aChain();
    expect(applyTail(chain, { last: aRow(3n), seal: null })).toBeNull();
    expect(chain.head.seq).toBe(3n);
    applyTail(chain, { last: aRow(2n), seal: null });
    expect(chain.head.seq).toBe(3n);
    expect(openSegment(chain).toSeq).toBe(3n);
  });

  it('follows a seal, over an empty month too', () => {
    const chain = aChain();
    expect(applyTail(chain, { last: aRow(2n), seal: aSeal(3n, '2026-02') })).toBe('2026-02');
    expect(applyTail(chain, { last: null, seal: aSeal(3n, '2027-01') })).toBe('2027-01');
    expect(chain.segments.map(({ month, fromSeq, toSeq }) => [month, fromSeq, toSeq])).toEqual([
      ['2026-01', 1n, 2n],
      ['2026-02', 3n, 2n],
      ['2027-01', 3n, 2n],
    ]);
    expect(chain.head.seq).toBe(2n);
  });

  it('finds the months that contain a range', () => {
    const chain = aChain();
    applyTail(chain, { last: aRow(2n), seal: aSeal(3n, '2026-02') });
    applyTail(chain, { last: null, seal: aSeal(3n, '2026-03') });
    applyTail(chain, { last: aRow(5n), seal: null });
    expect(segmentsIn(chain, 2n, 3n)).toEqual([
      { month: '2026-01', fromSeq: 2n, toSeq: 2n },
      { month: '2026-03', fromSeq: 3n, toSeq: 3n },
    ]);
    expect(segmentsIn(chain, 4n, 100n)).toEqual([{ month: '2026-03', fromSeq: 4n, toSeq: 5n }]);
    expect(segmentsIn(chain, 6n, 9n)).toEqual([]);
  });
});

describe('loading chains', () => {
  it('reads many conversations over all months with one call', async () => {
    const { messageLog } = createMemoryMessageStore();
    await messageLog.append([
      { conversationId: '1', month: '2026-01', rows: [aRow(1n)] },
      { conversationId: '1', month: '2026-01', seal: aSeal(2n, '2026-02') },
      { conversationId: '1', month: '2026-02', rows: [aRow(2n)] },
      { conversationId: '2', month: '2026-02', rows: [aRow(1n, '2')] },
    ]);
    const tails = vi.fn(messageLog.tails);
    const conversations = [aConversation('1'), { ...aConversation('2'), firstMonth: '2026-02' }, aConversation('3')];
    const chains = await loadChains({ ...messageLog, tails }, conversations);
    expect(chains.map(({ head, segments }) => [head.seq, segments.map(({ month }) => month)])).toEqual([
      [2n, ['2026-01', '2026-02']],
      [1n, ['2026-02']],
      [0n, ['2026-01']],
    ]);
    expect(tails).toHaveBeenCalledTimes(1);
  });

  it('follows a seal into a month that began after the months were listed', async () => {
    const { messageLog } = createMemoryMessageStore();
    await messageLog.append([
      { conversationId: '1', month: '2026-01', seal: aSeal(1n, '2026-02') },
      { conversationId: '1', month: '2026-02', rows: [aRow(1n)] },
    ]);
    const [chain] = await loadChains({ ...messageLog, months: async () => ['2026-01'] }, [aConversation()]);
    expect(chain?.head.seq).toBe(1n);
  });
});
