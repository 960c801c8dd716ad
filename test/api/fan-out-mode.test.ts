/** A group's messages reach every member whatever FAN_OUT_ON_WRITE_MAX_MEMBERS was when they were sent, and is when they are read. */
import { describe, expect, it } from 'vitest';
import { createGroup, holesIn, numbers, offline } from '../support/actions.ts';
import { type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

const threshold = (members: number) => ({ FAN_OUT_ON_WRITE_MAX_MEMBERS: String(members) });
const inbox = async (user: TestUser) =>
  (await offline(user, '0')).entries.map(({ message }: Json) => [message.conversationId, message.seq]);
const change = (user: TestUser, name: string, conversationId: string, userIds: readonly string[]) =>
  user.ask(
    `mutation ($c: ID!, $u: [ID!]!) { ${name}(input: { conversationId: $c, userIds: $u }) { conversation { id } } }`,
    {
      c: conversationId,
      u: userIds,
    },
  );

async function users(server: TestServer, count: number): Promise<TestUser[]> {
  return Promise.all(Array.from({ length: count }, () => server.user()));
}

describe.each([[[2, 100]], [[100, 2, 100]], [[3, 2, 4, 0, 10_000]]])(
  'a group of three, with thresholds of %j members from start to start',
  (thresholds) => {
    it('hides no message from a member who pulls, streams, asks for the head or has left', async () => {
      const [first, ...later] = thresholds as [number, ...number[]];
      await using server = await startServer(threshold(first));
      const [owner, puller, streamer, leaver, beater] = (await users(server, 5)) as [
        TestUser,
        TestUser,
        TestUser,
        TestUser,
        TestUser,
      ];
      const members = [puller, streamer, leaver, beater];
      const group = await createGroup(owner, members.slice(0, 2));
      let last = 1;
      const send = async () => {
        last = Number((await owner.send({ conversationId: group }, `m${last + 1}`)).seq);
      };
      for (const members of later) {
        await send();
        await send();
        await server.restart(threshold(members));
      }
      // Nobody has read anything so far, and nothing is sent any more: now each member reads in another way.
      const expected = numbers(1, last).map((seq) => [group, seq]);
      expect(await inbox(puller)).toEqual(expected);
      const stream = await streamer.stream('0').until(({ messages }) => messages.length >= last, 'all messages');
      expect(stream.messages.map(({ message }) => message.seq)).toEqual(numbers(1, last));
      expect(holesIn(stream)).toEqual([]);

      // A member who joins and leaves before anything is read.
      await change(owner, 'addMembers', group, [leaver.id, beater.id]);
      const joined = last + 1;
      await send();
      await change(owner, 'removeMembers', group, [leaver.id]);
      const left = last + 1;
      await send();
      await server.restart(threshold(first));
      expect(await inbox(leaver)).toEqual(numbers(joined, left).map((seq) => [group, seq]));
      const { heartbeat } = await beater.ask('mutation { heartbeat { headSeq } }');
      expect(Number(heartbeat.headSeq)).toBe(last - joined + 1);
    });
  },
);

describe('a group whose members change between starts with different thresholds', () => {
  it('goes over to the other mode with its next change, and loses nothing on either side of it', async () => {
    await using server = await startServer(threshold(2));
    const [owner, reader, newcomer] = (await users(server, 3)) as [TestUser, TestUser, TestUser];
    const third = await server.user();
    const group = await createGroup(owner, [reader, third]);
    for (const seq of numbers(2, 4)) await owner.send({ conversationId: group }, `m${seq}`);
    await server.restart(threshold(10));
    await change(owner, 'addMembers', group, [newcomer.id]);
    await owner.send({ conversationId: group }, 'm6');
    const small = await reader.stream('0').until(({ messages }) => messages.length === 6);
    // On write by now: every message comes with its inbox number.
    expect(small.messages.map(({ inboxSeq, message }) => [inboxSeq, message.seq])).toEqual(
      numbers(1, 6).map((seq) => [seq, seq]),
    );
    small.stop();
    await server.restart(threshold(2));
    await owner.send({ conversationId: group }, 'm7');
    await change(owner, 'removeMembers', group, [newcomer.id]);
    await owner.send({ conversationId: group }, 'm9');
    expect(await inbox(reader)).toEqual(numbers(1, 9).map((seq) => [group, seq]));
    expect(await inbox(third)).toEqual(numbers(1, 9).map((seq) => [group, seq]));
    expect(await inbox(newcomer)).toEqual(numbers(5, 8).map((seq) => [group, seq]));
  });

  it('shows users their removal if it makes the group large', async () => {
    await using server = await startServer(threshold(100));
    const [owner, puller, streamer, reader] = (await users(server, 4)) as [TestUser, TestUser, TestUser, TestUser];
    const others = await users(server, 2);
    const group = await createGroup(owner, [puller, streamer, reader, ...others]);
    await server.restart(threshold(2));
    const stream = streamer.stream('0');
    await stream.until(({ messages }) => messages.length === 1);
    await change(owner, 'removeMembers', group, [puller.id, streamer.id]);
    await owner.send({ conversationId: group }, 'm3');
    await stream.until(({ messages }) => messages.length === 2, 'the removal');
    expect(await inbox(puller)).toEqual(numbers(1, 2).map((seq) => [group, seq]));
    expect(await inbox(streamer)).toEqual(numbers(1, 2).map((seq) => [group, seq]));
    expect(await inbox(reader)).toEqual(numbers(1, 3).map((seq) => [group, seq]));
  });
});
