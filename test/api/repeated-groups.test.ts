/** Creating a group again after an answer was lost. */
import { expect, it } from 'vitest';
import { type Answer, startServer } from '../support/heliograph.ts';

const create = `mutation ($input: CreateGroupInput!) { createGroup(input: $input) {
  deduplicated conversation { id title memberCount } } }`;
const groupOf = ({ data, errors }: Answer) => {
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data?.createGroup.conversation;
};

it('answers the first group when the id, the title and the members are the same, also over a restart', async () => {
  await using server = await startServer();
  const [alice, bob, carol] = [await server.user(), await server.user(), await server.user()];
  const input = { title: 'Team', memberIds: [bob.id, carol.id], clientGroupId: 'team 🌻' };
  const racing = await Promise.all([1, 2, 3].map(() => alice.post(create, { input })));
  const [group] = racing.map(groupOf);
  expect(racing.map(groupOf)).toEqual([group, group, group]);
  const repeats = racing.map(({ data }) => data?.createGroup.deduplicated);
  expect(repeats.toSorted()).toEqual([false, true, true]);
  expect(group).toMatchObject({ title: 'Team', memberCount: 3 });
  await server.restart();
  const sameInAnotherOrder = { ...input, memberIds: [carol.id, bob.id, carol.id] };
  expect(groupOf(await alice.post(create, { input: sameInAnotherOrder }))).toEqual(group);
  const { conversations } = await alice.ask('{ conversations(first: 10) { totalCount: nodes { id } } }');
  expect(conversations.totalCount).toHaveLength(1);

  for (const other of [
    { ...input, title: 'Another team' },
    { ...input, memberIds: [bob.id] },
  ]) {
    expect(await alice.fails(create, { input: other })).toBe('ID_CONFLICT');
  }
  // Another user's ids are their own, and without an id each call creates a group.
  expect(groupOf(await bob.post(create, { input: { ...input, memberIds: [carol.id] } })).id).not.toBe(group.id);
  const { clientGroupId: _, ...withoutId } = input;
  expect(groupOf(await alice.post(create, { input: withoutId })).id).not.toBe(group.id);
  for (const clientGroupId of ['', 'x'.repeat(129), 'server:1', 'a\0'])
    expect(await alice.fails(create, { input: { ...input, clientGroupId } })).toBe('BAD_USER_INPUT');
});
