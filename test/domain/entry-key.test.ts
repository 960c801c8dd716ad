import fc from 'fast-check';
import { expect, it } from 'vitest';
import { clientMessageIdOf, serverKey, serverKeyPrefix, userKey } from '../../src/domain/entry-key.ts';

const anId = fc.bigInt(1n, 2n ** 63n - 1n).map(String);

it('returns the id that a client chose, even an unusual one', () => {
  fc.assert(
    fc.property(anId, fc.string({ unit: 'binary' }), (senderId, clientMessageId) => {
      expect(clientMessageIdOf({ senderId, key: userKey(senderId, clientMessageId) })).toBe(clientMessageId);
    }),
  );
});

it('gives two users, or one user and the server, no key in common', () => {
  fc.assert(
    fc.property(anId, anId, fc.string(), fc.string(), (a, b, one, other) => {
      fc.pre(a !== b);
      expect(userKey(a, one)).not.toBe(userKey(b, other));
      expect(userKey(a, one)).not.toBe(serverKey(b));
      expect(userKey(a, `${serverKeyPrefix}${b}`)).not.toBe(serverKey(b));
    }),
  );
});

it('shows the key of a server entry as its client id', () => {
  expect(clientMessageIdOf({ senderId: '7', key: serverKey('55') })).toBe('server:55');
});
