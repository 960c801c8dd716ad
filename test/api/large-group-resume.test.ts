import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGroup, holesIn, numbers, otherDevice } from '../support/actions.ts';
import { type Events, type Json, startServer, type TestServer, type TestUser } from '../support/heliograph.ts';

/** What a stream has told of a conversation, in its order: messages, and those that a backlog's number stands for. */
function toldOf(events: Events, conversationId: string): number[] {
  return events.values.flatMap(({ message, backlogs }) => {
    if (message !== undefined) return message.conversationId === conversationId ? [Number(message.seq)] : [];
    return (backlogs ?? [])
      .filter((backlog: Json) => backlog.conversationId === conversationId)
      .flatMap(({ fromSeq, toSeq }: Json) => numbers(Number(fromSeq), Number(toSeq)).map(Number));
  });
}

/** Where a client resumes: the last inbox number it was told. */
function positionAfter({ values }: Events, before: string): string {
  const told = values.flatMap(({ __typename, startSeq, position, inboxSeq, backlogs }) => {
    if (__typename === 'StreamTruncated') return [backlogs.at(-1).inboxSeq];
    return __typename === 'MessageReceived' ? [inboxSeq ?? []].flat() : [position ?? startSeq];
  });
  return told.at(-1) ?? before;
}

/** Within one stream a conversation goes on by one: nothing is left out, repeated or overtaken. */
function expectUnbroken(told: readonly number[]): void {
  const first = told[0] ?? 1;
  expect(told).toEqual(told.map((_, index) => first + index));
}

describe.each([5, 1_000])(
  'a group that is large now and small then, with backlogs of up to %i messages',
  (backlogMax) => {
    let server: TestServer;
    beforeAll(async () => {
      server = await startServer({ FAN_OUT_ON_WRITE_MAX_MEMBERS: '3', BACKLOG_MAX: String(backlogMax) });
    });
    afterAll(() => server[Symbol.asyncDispose]());

    it('is received whole by devices whose connections are cut again and again', async () => {
      const [owner, reader, third, fourth] = (await Promise.all([1, 2, 3, 4].map(() => server.user()))) as [
        TestUser,
        TestUser,
        TestUser,
        TestUser,
      ];
      const group = await createGroup(owner, [reader, third]);
      const { conversationId: direct } = await third.send({ userId: reader.id }, 'direct');
      let isSending = true;
      const whileSending = async (act: (turn: number) => Promise<unknown>) => {
        for (let turn = 0; isSending && turn < 2_000; turn += 1) await act(turn);
      };
      const change = (turn: number) => (turn % 2 ? 'removeMembers' : 'addMembers');
      const busy = [
        whileSending(() => owner.send({ conversationId: group }, 'text')),
        whileSending((turn) => third.send({ conversationId: turn % 2 ? group : direct }, 'text')),
        whileSending((turn) =>
          owner.ask(
            `mutation ($c: ID!, $u: [ID!]!) { ${change(turn)}(input: { conversationId: $c, userIds: $u }) { conversation { id } } }`,
            { c: group, u: [fourth.id] },
          ),
        ),
      ];

      const readers = [reader, await otherDevice(server, reader)].map((device) => {
        const seen = new Map([group, direct].map((id) => [id, new Set<number>()]));
        let position = '0';
        const take = (stream: Events) => {
          expect(holesIn(stream)).toEqual([]);
          for (const [id, numbersSeen] of seen) {
            const told = toldOf(stream, id);
            expectUnbroken(told);
            for (const number of told) numbersSeen.add(number);
          }
          position = positionAfter(stream, position);
        };
        return {
          async readWithCuts(): Promise<void> {
            for (let cut = 0; cut < 25; cut += 1) {
              const stream = device.stream(position);
              const wanted = Math.floor(Math.random() * 12);
              await stream.until(({ values }) => values.length > wanted);
              if (cut % 2) stream.stop();
              else await device.close();
              take(stream);
            }
          },
          async readRest(lasts: ReadonlyMap<string, number>): Promise<void> {
            const rest = device.stream(position);
            await rest.until(() => [...lasts].every(([id, last]) => toldOf(rest, id).includes(last)));
            take(rest);
            for (const [id, last] of lasts) {
              expect(numbers(1, last).filter((number) => seen.get(id)?.has(Number(number)) !== true)).toEqual([]);
            }
            await device.close();
          },
        };
      });
      await Promise.all(readers.map(({ readWithCuts }) => readWithCuts()));
      isSending = false;
      await Promise.all(busy);
      const lasts = new Map<string, number>();
      for (const id of [group, direct]) lasts.set(id, Number((await third.send({ conversationId: id }, 'last')).seq));
      for (const { readRest } of readers) await readRest(lasts);
    });
  },
);
