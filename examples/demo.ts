/**
 * A demonstration: a server on a temporary folder, four users on graphql-ws, a direct conversation and a group, a client that
 * disconnects and catches up, acknowledgements, receipts and presence. It prints the events of each user, checks that nobody missed
 * anything, and fails otherwise.
 *
 *   npm run demo
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'graphql-ws';
import { startHeliograph } from '../src/compose.ts';
import { readConfig } from '../src/config/config.ts';
import { createLog } from '../src/observability/log.ts';
import { Session } from './clients/session.ts';
import { createSocketClient, type Place } from './clients/socket.ts';

const started = Date.now();
const names = ['ada', 'ben', 'cleo', 'dan'] as const;
type Name = (typeof names)[number];
const stepMaxMs = 10_000;

interface Seen {
  readonly inboxSeq: string | null;
  readonly seq: string;
  readonly from: string;
  readonly text: string;
}

function say(who: string, what: string): void {
  console.log(`${((Date.now() - started) / 1000).toFixed(2).padStart(6)}s  ${who.padEnd(6)} ${what}`);
}

/** One user on one device. */
class Person {
  readonly name: Name;
  readonly session: Session;
  readonly id: string;
  readonly seen: Seen[] = [];
  /** Where a stream of this device starts, and goes on after a lost connection. */
  readonly place: Place = { lastSeq: '0' };
  readonly notices: string[] = [];
  private client: Client | null = null;

  constructor(name: Name, session: Session) {
    this.name = name;
    this.session = session;
    this.id = session.userId;
  }

  /** Opens the stream. Resolves when the stream is active, so that no later message can be missed. */
  connect(): Promise<void> {
    this.client = createSocketClient(this.session, this.place);
    let isLive = false;
    this.listen(
      `subscription ($afterSeq: Seq) { messageReceived(afterSeq: $afterSeq) { __typename
         ... on StreamReady { startSeq headSeq }
         ... on MessageReceived { inboxSeq message { seq text sender { username } } } } }`,
      { afterSeq: this.place.lastSeq },
      (event) => {
        if (event.__typename === 'StreamReady') {
          say(this.name, `is connected, from inbox number ${event.startSeq} of ${event.headSeq}`);
          isLive = true;
        } else if (event.__typename === 'MessageReceived') {
          this.take(
            event as unknown as {
              inboxSeq: string;
              message: { seq: string; text: string; sender: { username: string } };
            },
          );
        }
      },
    );
    return until(() => isLive, `${this.name}'s stream`);
  }

  private take({
    inboxSeq,
    message,
  }: {
    inboxSeq: string;
    message: { seq: string; text: string; sender: { username: string } };
  }): void {
    this.seen.push({ inboxSeq, seq: message.seq, from: message.sender.username, text: message.text });
    say(this.name, `sees #${inboxSeq}  ${message.sender.username}: ${message.text}`);
  }

  listen(query: string, variables: Record<string, unknown>, onEvent: (event: Record<string, unknown>) => void): void {
    const { client } = this;
    client?.subscribe<Record<string, Record<string, unknown>>>(
      { query, variables },
      {
        next: ({ data, errors }) => {
          if (errors !== undefined) fail(errors);
          for (const event of Object.values(data ?? {})) onEvent(event);
        },
        // A lost connection ends no subscription, so only a closed tab may.
        error: (error) => (this.client === client ? fail(error) : undefined),
        complete: () => (this.client === client ? fail(new Error(`a subscription of ${this.name} ended`)) : undefined),
      },
    );
  }

  /** Resolves when all earlier events for this socket have arrived, because the answer arrives after them. */
  async settle(): Promise<void> {
    for await (const _answer of this.client?.iterate({ query: '{ viewer { user { id } } }' }) ?? []) return;
  }

  async disconnect(): Promise<void> {
    const { client } = this;
    this.client = null;
    await client?.dispose();
    say(this.name, 'closes the tab');
  }

  ask(query: string, variables: object = {}): Promise<Record<string, Record<string, unknown>>> {
    return post(this.session, query, variables);
  }

  async send(to: object, text: string): Promise<{ id: string; conversationId: string }> {
    const answer = await this.ask(
      'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { sentMessage { id conversationId status } } }',
      { input: { to, text, clientMessageId: randomUUID() } },
    );
    const sent = answer.sendMessage?.sentMessage as { id: string; conversationId: string; status: string };
    if (sent.status !== 'SENT') throw new Error(`not sent: ${JSON.stringify(sent)}`);
    return sent;
  }
}

async function post(
  { url, accessToken }: Session,
  query: string,
  variables: object,
): Promise<Record<string, Record<string, unknown>>> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(stepMaxMs),
  });
  const { data, errors } = (await response.json()) as {
    data: Record<string, Record<string, unknown>>;
    errors?: unknown;
  };
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  return data;
}

/** A failure in a subscription. It ends the demo at its next wait. */
let failure: unknown = null;

function fail(error: unknown): void {
  failure ??= error;
}

/** A close event contains the whole socket; only its code and reason matter. */
function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  const { code, reason } = error as { code?: number; reason?: string };
  return code === undefined ? JSON.stringify(error) : `a socket closed with ${code} ${reason ?? ''}`;
}

async function until(isDone: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + stepMaxMs;
  while (!isDone()) {
    if (failure !== null) throw failure;
    if (Date.now() > deadline) throw new Error(`timed out after ${stepMaxMs / 1000} s while waiting for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function play(url: string): Promise<void> {
  const people = {} as Record<Name, Person>;
  for (const name of names) {
    people[name] = new Person(name, await Session.register(url, name, 'a long password'));
  }
  try {
    await perform(people);
  } finally {
    await Promise.all(Object.values(people).map((person) => person.disconnect()));
  }
}

async function perform(people: Record<Name, Person>): Promise<void> {
  const { ada, ben, cleo, dan } = people;
  await Promise.all(Object.values(people).map((person) => person.connect()));

  say('*', 'a direct conversation, with receipts');
  const said: string[] = [];
  const hello = await ada.send({ userId: ben.id }, 'Hello Ben!');
  await until(() => ben.seen.length >= 1, "Ada's message at Ben");
  ada.listen('subscription { messageStatusChanged { messageId status } }', {}, ({ messageId, status }) => {
    ada.notices.push(`${messageId} ${status}`);
    say('ada', `gets the status ${status} for her message`);
  });
  ada.listen(
    'subscription ($ids: [ID!]) { presenceChanged(userIds: $ids) { status } }',
    { ids: [ben.id] },
    ({ status }) => {
      ada.notices.push(`ben ${status}`);
      say('ada', `sees that Ben is ${status}`);
    },
  );
  // Presence is for contacts: both have sent a message to the other one.
  await ben.send({ userId: ada.id }, 'Hello Ada!');
  await until(() => ada.notices.includes('ben ONLINE'), "Ben's presence at Ada");
  const ack = 'mutation ($i: AckMessagesInput!) { ackMessages(input: $i) { ackedSeq } }';
  await ben.ask(ack, { i: { status: 'DELIVERED', messageIds: [hello.id] } });
  await until(() => ada.notices.includes(`${hello.id} DELIVERED`), 'DELIVERED at Ada');
  await ben.ask(ack, { i: { status: 'READ', upToInboxSeq: ben.place.lastSeq } });
  await until(() => ada.notices.includes(`${hello.id} READ`), 'READ at Ada');

  say('*', 'a group of four, all sending at once');
  const created = await ada.ask('mutation ($i: CreateGroupInput!) { createGroup(input: $i) { conversation { id } } }', {
    i: { title: 'Lighthouse', memberIds: [ben.id, cleo.id, dan.id] },
  });
  const group = { conversationId: (created.createGroup as { conversation: { id: string } }).conversation.id };
  const tell = (person: Person, text: string) => {
    said.push(`${person.name}: ${text}`);
    return person.send(group, text);
  };
  const talk = async (speakers: readonly Person[], lines: number, topic: string) => {
    await Promise.all(
      speakers.map(async (person) => {
        for (let line = 1; line <= lines; line += 1) await tell(person, `${topic}, line ${line} of ${person.name}`);
      }),
    );
  };
  await talk(Object.values(people), 3, 'together');
  const inGroup = (person: Person) => person.seen.filter(({ text }) => !text.startsWith('Hello '));
  await until(
    () => Object.values(people).every((person) => inGroup(person).length >= 13),
    'the whole talk at everybody',
  );

  say('*', 'Dan disconnects while the others continue, then catches up');
  await dan.disconnect();
  await talk([ada, ben, cleo], 4, 'without Dan');
  await until(() => inGroup(ada).length >= 25, 'the talk at Ada');
  await dan.connect();
  await until(() => inGroup(dan).length >= 25, 'what Dan missed');
  await tell(dan, 'I am back');
  await until(() => Object.values(people).every((person) => inGroup(person).length >= 26), "Dan's return at everybody");

  await Promise.all(Object.values(people).map((person) => person.settle()));
  if (failure !== null) throw failure;

  const expected = inGroup(ada).map(({ seq, text }) => `${seq} ${text}`);
  for (const person of Object.values(people)) {
    const numbers = person.seen.map(({ inboxSeq }) => Number(inboxSeq));
    if (numbers.some((number, index) => number !== index + 1))
      throw new Error(`${person.name} has a gap or a duplicate: ${numbers.join(' ')}`);
    const order = inGroup(person).map(({ seq, text }) => `${seq} ${text}`);
    if (order.join('\n') !== expected.join('\n'))
      throw new Error(`${person.name} saw a different order:\n${order.join('\n')}`);
    // The group's first message comes from the server and announces its creation.
    const heard = inGroup(person)
      .slice(1)
      .map(({ from, text }) => `${from}: ${text}`);
    if (heard.toSorted().join('\n') !== said.toSorted().join('\n'))
      throw new Error(`${person.name} saw different messages than were sent:\n${heard.join('\n')}`);
  }
  say('*', 'nobody missed anything:');
  for (const { name, seen } of Object.values(people)) {
    say(name, `${seen.length} messages, inbox numbers 1 to ${seen.length}, in the same order as everybody else`);
  }
}

const dataDir = mkdtempSync(join(tmpdir(), 'heliograph-demo-'));
const log = createLog({ level: 'error', version: 'demo' });
const config = readConfig({ PORT: '0', DATA_DIR: dataDir, DRAIN_MS: '0' });
try {
  {
    await using heliograph = await startHeliograph(config, log, 'demo');
    say('*', `a server on ${heliograph.server.url}, with a temporary folder`);
    await play(heliograph.server.url);
  }
  say('*', 'done');
} catch (error) {
  console.error(`The demo failed: ${describe(error)}`);
  process.exitCode = 1;
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
