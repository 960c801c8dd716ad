/** Who may write: what the log asks the member lists before each append, and what it does with the answer. */
import { describe, expect, it, vi } from 'vitest';
import { serverKey } from '../../../src/domain/entry-key.ts';
import { DomainError } from '../../../src/domain/errors.ts';
import type { Membership } from '../../../src/services/log/conversation-log.ts';
import { codeOf, conversation, setUpLog } from '../../support/conversation-logs.ts';
import { aConversation, aDraft, february } from '../../support/drafts.ts';
import { everybody } from '../../support/everybody.ts';

const aChange = (id: string) => aDraft({ kind: 'SYSTEM', key: serverKey(id), body: { text: `change ${id}` } });

/** Member lists in which 102 is a member between two numbers of the log. */
function memberBetween(joinedSeq: bigint, leftSeq: bigint) {
  const asked: bigint[] = [];
  const membership: Membership = {
    membersAt(_id, version, userIds) {
      asked.push(version);
      return new Set(userIds.filter((id) => id !== '102' || (version > joinedSeq && version < leftSeq)));
    },
  };
  return { membership, asked };
}

describe('an append', () => {
  it('is checked against the members after the head that it follows', async () => {
    const { membership, asked } = memberBetween(0n, 3n);
    const { log } = setUpLog({ membership });
    await log.append(conversation, aChange('1'));
    await log.append(conversation, aDraft({ senderId: '102' }));
    await log.append(conversation, aChange('2'));
    expect(asked).toEqual([0n, 1n, 1n]);
    expect(await codeOf(log.append(conversation, aDraft({ senderId: '102' })))).toBe('FORBIDDEN');
    expect(await log.append(conversation, aDraft())).toMatchObject({ message: { seq: 4n, membershipSeq: 3n } });
  });

  it('is checked again when another writer was faster with a change of members', async () => {
    const { membership } = memberBetween(0n, 3n);
    const { log, store } = setUpLog({ membership });
    const other = setUpLog({ store });
    await log.append(conversation, aChange('1'));
    await log.append(conversation, aDraft({ senderId: '102' }));
    await other.log.append(conversation, aChange('2'));
    expect(await codeOf(log.append(conversation, aDraft({ senderId: '102' })))).toBe('FORBIDDEN');
    expect((await other.log.append(conversation, aDraft())).message.seq).toBe(4n);
  });

  it('is not refused on a guess: the tail is read before a sender is turned away', async () => {
    const { membership } = memberBetween(1n, 9n);
    const { log, store, tails } = setUpLog({ membership });
    const other = setUpLog({ store });
    await log.append(conversation, aChange('1'));
    await other.log.append(conversation, aChange('2'));
    tails.mockClear();
    const { message } = await log.append(conversation, aDraft({ senderId: '102' }));
    expect(message).toMatchObject({ seq: 3n, membershipSeq: 2n });
    expect(tails).toHaveBeenCalled();
  });

  it('ends with a change of members: what came with it is checked against the new ones', async () => {
    const { membership } = memberBetween(-1n, 1n);
    const { log, append } = setUpLog({ membership });
    const answers = [aDraft({ senderId: '102' }), aChange('1'), aDraft({ senderId: '102' }), aDraft()].map((draft) =>
      log.append(conversation, draft).then(
        ({ message }) => message.seq,
        (error: DomainError) => error.code,
      ),
    );
    expect(await Promise.all(answers)).toEqual([1n, 2n, 'FORBIDDEN', 3n]);
    expect(append.mock.calls.map(([[one]]) => (one !== undefined && 'rows' in one ? one.rows.length : 0))).toEqual([
      2, 1,
    ]);
  });

  it('of a message that was stored before is answered with it, although its sender has left since', async () => {
    const { membership } = memberBetween(-1n, 2n);
    const { log } = setUpLog({ membership });
    const draft = aDraft({ senderId: '102' });
    const first = await log.append(conversation, draft);
    await log.append(conversation, aChange('1'));
    const again = { ...draft, id: aDraft().id };
    expect(await log.append(conversation, again)).toEqual({ message: first.message, resend: true });
    expect(await codeOf(log.append(conversation, { ...again, body: { text: 'other' } }))).toBe('ID_CONFLICT');
  });
});

describe('member lists that are slow or fail', () => {
  it('hold up no other conversation', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const membership: Membership = {
      membersAt: (id, _version, userIds) => (id === '1' ? promise.then(() => new Set(userIds)) : new Set(userIds)),
    };
    const { log } = setUpLog({ membership });
    const slow = log.append(conversation, aDraft());
    const later = log.append(conversation, aDraft());
    await log.append(aConversation('2'), aDraft({ conversationId: '2' }));
    resolve();
    expect([(await slow).message.seq, (await later).message.seq]).toEqual([1n, 2n]);
  });

  it('let a reader find the end of a month meanwhile, in which a resend is still recognised', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const isAsked = Promise.withResolvers<void>();
    const membersAt = vi.fn<Membership['membersAt']>((_id, _version, userIds) => {
      if (membersAt.mock.calls.length > 1) isAsked.resolve();
      return promise.then(() => new Set(userIds));
    });
    const { log, store } = setUpLog({ membership: { membersAt }, isSoleWriter: false });
    const other = setUpLog({ store });
    const draft = aDraft();
    const { message } = await other.log.append(conversation, draft);
    const again = log.append(conversation, { ...draft, id: aDraft().id });
    await isAsked.promise;
    other.time.now = february;
    await other.log.append(conversation, aDraft());
    await log.readHeads([conversation]);
    resolve();
    expect(await again).toEqual({ message, resend: true });
  });

  it('fail the sends of their own conversation only, which can be sent again', async () => {
    const membersAt = vi.fn(everybody.membersAt);
    const { log } = setUpLog({ membership: { membersAt } });
    const failing = () => Promise.reject(new DomainError('UNAVAILABLE', 'no list'));
    membersAt.mockImplementation((id, version, userIds) =>
      id === '1' ? failing() : everybody.membersAt(id, version, userIds),
    );
    const draft = aDraft();
    const failed = codeOf(log.append(conversation, draft));
    await log.append(aConversation('2'), aDraft({ conversationId: '2' }));
    expect(await failed).toBe('UNAVAILABLE');
    membersAt.mockImplementation(everybody.membersAt);
    expect(await log.append(conversation, draft)).toMatchObject({ resend: false, message: { seq: 1n } });
  });
});
