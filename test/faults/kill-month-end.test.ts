/** The process is killed around the end of a month, while one segment of each conversation is sealed and the next one begun. */
import { expect, it } from 'vitest';
import { countUp, readInbox } from '../support/faults.ts';
import { temporaryFolder } from '../support/folders.ts';
import { Sends } from '../support/sends.ts';
import { ServerProcess } from '../support/server-process.ts';

const months = Number(process.env.KILLS ?? 1);
const setClock = new URL('../support/set-clock.ts', import.meta.url).href;

it(`a server killed at the end of a month loses, doubles and renumbers nothing (${months} months)`, async () => {
  using folder = temporaryFolder();
  await using server = new ServerProcess({ DATA_DIR: folder.path, NODE_OPTIONS: `--import=${setClock}` });
  await server.start();
  const users = [await server.user('alice'), await server.user('bob'), await server.user('carol')];
  const [alice, bob, carol] = users as [(typeof users)[0], (typeof users)[0], (typeof users)[0]];
  const { conversationId: direct } = await alice.send({ userId: bob.id }, 'hello');
  const { createGroup } = await alice.ask(
    'mutation ($m: [ID!]!) { createGroup(input: { title: "g", memberIds: $m }) { conversation { id } } }',
    { m: [bob.id, carol.id] },
  );
  const group: string = createGroup.conversation.id;
  const sends = new Sends();
  await server.end('SIGKILL');

  const today = new Date();
  for (let month = 1; month <= months; month += 1) {
    const boundary = Date.UTC(today.getUTCFullYear(), today.getUTCMonth() + month);
    const aheadMs = boundary - Date.now() - 2_500;
    server.env.CLOCK_AHEAD_MS = String(aheadMs);
    await server.start();
    // Tokens do not last for a month.
    for (const user of users) {
      const { data } = await server.post(
        'mutation ($i: LogInInput!) { logIn(input: $i) { session { accessToken refreshToken deviceId user { id username } } } }',
        { i: { username: user.session.user.username, password: 'correct horse', deviceId: user.session.deviceId } },
      );
      user.session = data?.logIn.session;
    }
    // The first time at the boundary, the second time soon after it.
    for (const _ of countUp(2)) {
      const traffic = [
        sends.keepSending(alice, { conversationId: direct }),
        sends.keepSending(bob, { conversationId: direct }),
        sends.keepSending(bob, { conversationId: group }),
        sends.keepSending(carol, { conversationId: group }),
      ];
      await sends.more(10 + Math.floor(Math.random() * 40));
      const untilMs = boundary - aheadMs - Date.now() + Math.random() * 100 - 50;
      if (untilMs > 0) await new Promise((resolve) => setTimeout(resolve, untilMs));
      const ended = server.end('SIGKILL');
      sends.stop();
      await ended;
      await Promise.all(traffic);
      await server.start();
      await sends.resend();
      // Messages that were answered before the end of the month are found: `send` compares number and id.
      for (const [clientMessageId, sent] of [...sends.answered].slice(-30)) await sends.send(sent, clientMessageId);
    }
    if (month < months) await server.end('SIGKILL');
  }

  const counts = { [direct as string]: 1, [group]: 1 };
  for (const { to } of sends.answered.values())
    if ('conversationId' in to) counts[to.conversationId] = (counts[to.conversationId] ?? 0) + 1;
  const expected = new Map([
    [alice, [direct, group]],
    [bob, [direct, group]],
    [carol, [group]],
  ]);
  for (const [user, ids] of expected) {
    const inbox = await readInbox(user, 'id seq text clientMessageId conversationId sentAt');
    expect(inbox.map(({ inboxSeq }) => inboxSeq)).toEqual(countUp(inbox.length));
    for (const id of ids) {
      const own = inbox.filter(({ message }) => message.conversationId === id).map(({ message }) => message);
      expect(own.map(({ seq }) => seq)).toEqual(countUp(counts[id] ?? 0));
      expect(own.map(({ sentAt }) => sentAt)).toEqual(own.map(({ sentAt }) => sentAt).sort());
      const monthsSeen = new Set(own.map(({ sentAt }) => sentAt.slice(0, 7)));
      expect(monthsSeen.size).toBe(months + 1);
      for (const { clientMessageId, id: messageId, seq, text } of own) {
        const sent = sends.answered.get(clientMessageId);
        if (sent !== undefined)
          expect({ id: messageId, seq, text }).toEqual({ id: sent.id, seq: sent.seq, text: sent.text });
      }
      // Each month's part of the history is whole.
      let total = 0;
      for (const month of monthsSeen) {
        const from = `${month}-01T00:00:00.000Z`;
        const [year = 0, number = 0] = month.split('-').map(Number);
        const to = new Date(Date.UTC(year, number)).toISOString();
        const { history } = await user.ask(
          'query ($c: ID!, $f: DateTime!, $t: DateTime!) { history(conversationId: $c, range: { from: $f, to: $t }, first: 500) { pageInfo { hasNextPage } nodes { id } } }',
          { c: id, f: from, t: to },
        );
        const inMonth = own.filter(({ sentAt }) => sentAt.startsWith(month)).map((message) => message.id);
        expect(history.nodes.map((node: { id: string }) => node.id)).toEqual(inMonth.slice(0, 500));
        total += inMonth.length;
      }
      expect(total).toBe(own.length);
    }
  }
}, 180_000);
