import { describe, expect, it } from 'vitest';
import type { Message } from '../../../src/domain/message.ts';
import { createRecentMessages } from '../../../src/services/log/recent-messages.ts';
import { aMessage } from '../../support/drafts.ts';

function messages(from: number, to: number, body: Message['body'] = { text: 't' }): Message[] {
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const seq = BigInt(from + index);
    return aMessage(seq, { body });
  });
}

function setUp(conversationsMax?: number) {
  const recent = createRecentMessages(conversationsMax);
  const get = (from: number, to: number, id = '1') =>
    recent.get(id, BigInt(from), BigInt(to))?.map(({ seq }) => Number(seq)) ?? null;
  return { recent, get };
}

describe('recent messages', () => {
  it('answer a range that is here as a whole, and no other', () => {
    const { recent, get } = setUp();
    recent.add('1', messages(3, 6));
    expect(get(3, 6)).toEqual([3, 4, 5, 6]);
    expect(get(4, 5)).toEqual([4, 5]);
    expect(get(2, 4)).toBeNull();
    expect(get(5, 7)).toBeNull();
    expect(get(5, 4)).toBeNull();
    expect(get(3, 3, '2')).toBeNull();
  });

  it('continue the existing list, and restart after a gap', () => {
    const { recent, get } = setUp();
    recent.add('1', messages(1, 2));
    recent.add('1', messages(3, 4));
    expect(get(1, 4)).toEqual([1, 2, 3, 4]);
    recent.add('1', messages(8, 9));
    expect(get(1, 4)).toBeNull();
    expect(get(8, 9)).toEqual([8, 9]);
  });

  it('do not keep large ones, or earlier ones before them', () => {
    const { recent, get } = setUp();
    recent.add('1', [...messages(1, 1), ...messages(2, 2, { text: 'x'.repeat(1_001) }), ...messages(3, 3)]);
    expect(get(3, 3)).toEqual([3]);
    expect(get(1, 3)).toBeNull();
    recent.add('1', messages(4, 4, { text: 't', data: {} }));
    expect(get(3, 3)).toBeNull();
  });

  it('keep the newest of a conversation, and the conversations used last', () => {
    const { recent, get } = setUp(2);
    recent.add('1', messages(1, 1_000));
    expect(get(1_000, 1_000)).toEqual([1_000]);
    expect(get(1, 1)).toBeNull();
    recent.add('2', messages(1, 1));
    recent.add('3', messages(1, 1));
    expect(get(1_000, 1_000)).toBeNull();
    expect(get(1, 1, '2')).toEqual([1]);
  });
});
