import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { becomeContacts } from '../support/actions.ts';
import { type Events, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const watchQuery = `subscription ($userIds: [ID!]) { presenceChanged(userIds: $userIds) { userId status } }`;
const heartbeat = `mutation { heartbeat { onlineUntil } }`;

describe('the presence of a new contact', () => {
  let server: TestServer;
  let alice: TestUser;
  let bob: TestUser;
  let carol: TestUser;
  beforeAll(async () => {
    server = await startServer();
    [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
    await bob.ask(heartbeat);
    await carol.ask(heartbeat);
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const told = (events: Events) => events.values.map(({ userId, status }) => [userId, status]);

  it('is announced to subscribers with and without a list of users, once both have sent in their direct conversation', async () => {
    const everybody = alice.subscribe(watchQuery);
    const named = alice.subscribe(watchQuery, { userIds: [bob.id, alice.id] });
    await named.until(() => told(named).length === 2, 'present statuses');
    expect(told(named)).toEqual([
      [bob.id, 'UNKNOWN'],
      [alice.id, 'ONLINE'],
    ]);

    await alice.ask(
      `mutation ($ids: [ID!]!) { createGroup(input: { title: "t", memberIds: $ids }) { conversation { id } } }`,
      {
        ids: [bob.id],
      },
    );
    // Neither opening a direct conversation nor a message from one side reveals anything.
    await alice.ask(`mutation ($id: ID!) { openDirectConversation(input: { userId: $id }) { conversation { id } } }`, {
      id: bob.id,
    });
    await bob.send({ userId: alice.id }, 'hello');
    await becomeContacts(carol, alice);
    await everybody.until(() => told(everybody).length === 1, 'the first contact');
    expect(told(everybody)).toEqual([[carol.id, 'ONLINE']]);
    expect(told(named)).toHaveLength(2);
    await alice.send({ userId: bob.id }, 'hello yourself');
    await everybody.until(() => told(everybody).length === 2, 'the second contact');
    await named.until(() => told(named).length === 3, 'the contact asked for');
    await bob.ask('mutation { logOut { deviceId } }');
    await everybody.until(() => told(everybody).length === 3, 'offline');
    await named.until(() => told(named).length === 4, 'offline');

    expect(told(everybody)).toEqual([
      [carol.id, 'ONLINE'],
      [bob.id, 'ONLINE'],
      [bob.id, 'OFFLINE'],
    ]);
    expect(told(named).slice(2)).toEqual([
      [bob.id, 'ONLINE'],
      [bob.id, 'OFFLINE'],
    ]);
  });
});
