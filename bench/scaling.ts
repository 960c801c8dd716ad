/**
 * The cost of requests in groups of 100 to 100,000 members, and for users in 10 to 10,000 conversations, each with the slowest answer
 * that another client gets meanwhile. The stores are filled through their ports, so that the server's own work is what is measured.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverKey, userKey } from '../src/domain/entry-key.ts';
import { openSqliteDirectory } from '../src/stores/directory/sqlite-directory.ts';
import { openSqliteMessageStore } from '../src/stores/journal/sqlite-message-store.ts';
import type { MessageRow } from '../src/stores/message-log.ts';
import { percentile } from './support/raw-client.ts';
import { type BenchServer, startBenchServer } from './support/server-process.ts';

export interface ScalingFigure {
  readonly request: string;
  readonly size: number;
  readonly medianMs: number;
  readonly slowestMs: number;
  /** The slowest answer to another client's sends in the same time. */
  readonly othersSlowestMs: number;
}

const groupSizes = [100, 1_000, 10_000, 100_000];
const conversationCounts = [10, 100, 1_000, 10_000];
const messagesPerGroup = 500;
const repeats = 15;
const now = Date.now();
const month = new Date(now).toISOString().slice(0, 7);
let lastId = BigInt(now - Date.UTC(2024, 0, 1)) << 22n;
const nextId = () => {
  lastId += 1n;
  return String(lastId);
};

async function ask(server: BenchServer, token: string, query: string, variables: object = {}) {
  const response = await fetch(`${server.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: Record<string, never>; errors?: unknown[] };
  if (errors !== undefined) throw new Error(`${query}: ${JSON.stringify(errors)}`);
  return data as Record<string, never> & Record<string, { id: string; conversation: { id: string } } | never>;
}

export async function measureScaling(core: number): Promise<ScalingFigure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'heliograph-scaling-'));
  const names = ['owner', 'other', 'peer', ...conversationCounts.map((count) => `user${count}`)];
  const extra = Array.from({ length: groupSizes.length * repeats }, (_, index) => `extra${index}`);
  const ids = new Map<string, string>();
  try {
    {
      await using server = await startBenchServer({ core, keptDataDir: dataDir });
      for (const name of [...names, ...extra]) {
        const { viewer } = (await ask(server, await server.token(name), '{ viewer { user { id } } }')) as never as {
          viewer: { user: { id: string } };
        };
        ids.set(name, viewer.user.id);
      }
    }
    const idOf = (name: string) => ids.get(name) as string;
    const groups = await fill(dataDir, idOf);
    const env = { GROUP_MEMBERS_MAX: '200000' };
    await using server = await startBenchServer({ core, keptDataDir: dataDir, env });
    const token = (name: string) => server.token(name);
    const owner = await token('owner');
    const figures: ScalingFigure[] = [];
    const measure = async (request: string, size: number, call: (turn: number) => Promise<unknown>) => {
      figures.push({ request, size, ...(await timed(server, await token('other'), idOf('peer'), call)) });
      console.log(JSON.stringify(figures.at(-1)));
    };
    for (const [place, size] of groupSizes.entries()) {
      const id = groups.get(size) as string;
      const page =
        'query ($id: ID!) { history(conversationId: $id, last: 500) { nodes { status deliveredCount readCount } } }';
      await measure('status and counts of 500 messages', size, () => ask(server, owner, page, { id }));
      await measure('an acknowledgement', size, (turn) =>
        ask(server, owner, 'mutation ($i: AckMessagesInput!) { ackMessages(input: $i) { __typename } }', {
          i: { status: 'READ', upTo: [{ conversationId: id, seq: String(turn + 2) }] },
        }),
      );
      const aliases = Array.from({ length: 50 }, (_, alias) => `m${alias}: members(first: 1) { totalCount }`).join(' ');
      await measure('50 pages of members', size, () =>
        ask(server, owner, `query ($id: ID!) { conversation(id: $id) { ${aliases} } }`, { id }),
      );
      await measure('adding a member', size, (turn) =>
        ask(
          server,
          owner,
          'mutation ($i: AddMembersInput!) { addMembers(input: $i) { conversation { memberCount } } }',
          {
            i: { conversationId: id, userIds: [idOf(`extra${place * repeats + turn}`)] },
          },
        ),
      );
      await measure('a send', size, (turn) => send(server, owner, { conversationId: id }, `s${size}-${turn}`));
    }
    for (const count of conversationCounts) {
      const user = await token(`user${count}`);
      const list = '{ conversations(first: 20) { nodes { id unreadCount lastMessage { text } } } }';
      await measure('a page of 20 conversations', count, () => ask(server, user, list));
      await measure('the totals of unread messages', count, () =>
        ask(server, user, '{ viewer { unreadCount unreadConversationCount } }'),
      );
      await measure('a heartbeat', count, () => ask(server, user, 'mutation { heartbeat { headSeq } }'));
      await measure('an acknowledgement of the inbox', count, (turn) =>
        ask(server, user, 'mutation ($i: AckMessagesInput!) { ackMessages(input: $i) { __typename } }', {
          i: { status: 'READ', upToInboxSeq: String(Math.min(count, turn + 1)) },
        }),
      );
    }
    return figures;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function send(server: BenchServer, token: string, to: object, clientMessageId: string) {
  return ask(server, token, 'mutation ($i: SendMessageInput!) { sendMessage(input: $i) { __typename } }', {
    i: { to, clientMessageId, text: 'hello' },
  });
}

let otherSends = 0;

/** Times a call several times, while another client sends one message after the other. */
async function timed(server: BenchServer, other: string, peerId: string, call: (turn: number) => Promise<unknown>) {
  const times: number[] = [];
  let othersSlowestMs = 0;
  let isOver = false;
  const others = (async () => {
    while (!isOver) {
      const startedAt = performance.now();
      otherSends += 1;
      await send(server, other, { userId: peerId }, `o${otherSends}`);
      othersSlowestMs = Math.max(othersSlowestMs, performance.now() - startedAt);
    }
  })();
  for (let turn = 0; turn < repeats; turn += 1) {
    const startedAt = performance.now();
    await call(turn);
    times.push(performance.now() - startedAt);
  }
  isOver = true;
  await others;
  times.sort((a, b) => a - b);
  return { medianMs: percentile(times, 0.5), slowestMs: times.at(-1) ?? 0, othersSlowestMs };
}

/** Writes the groups and the conversations of the users. Returns the groups by their size. */
async function fill(dataDir: string, idOf: (name: string) => string): Promise<Map<number, string>> {
  const onError = (error: unknown) => {
    throw error;
  };
  const options = { dataDir, timeoutMs: 120_000, onError };
  await using directory = await openSqliteDirectory(options);
  await using store = await openSqliteMessageStore({ ...options, backlogMax: 10_000_000 });
  const groups = new Map<number, string>();
  const row = (conversationId: string, seq: bigint, senderId: string, over: Partial<MessageRow> = {}): MessageRow => {
    const id = nextId();
    const key = userKey(senderId, `c${id}`);
    const counted = { ordinal: seq, membershipSeq: 0n, body: '{"text":"hello"}', sentAt: now, followed: false };
    return { id, conversationId, seq, kind: 'USER', senderId, key, ...counted, ...over };
  };
  const write = async (conversationId: string, rows: readonly MessageRow[]) => {
    await store.messageLog.append([{ conversationId, month, rows }]);
    await store.messageLog.markFollowed(rows.map(({ conversationId, id }) => ({ month, conversationId, id })));
  };
  for (const size of groupSizes) {
    const texts = { title: `${size}`, description: null, avatarUrl: null };
    const conversation = { id: nextId(), kind: 'GROUP', ...texts, createdAt: now, firstMonth: month } as const;
    const members = Array.from({ length: size - 1 }, nextId);
    const event = { kind: 'GROUP_CREATED', userIds: [idOf('owner'), ...members] } as const;
    const change = { id: nextId(), conversationId: conversation.id, actorId: idOf('owner'), event, at: now };
    await directory.conversations.createGroup(conversation, change, now, null);
    await directory.conversations.settleChange(change, 1n, 100);
    const founded = row(conversation.id, 1n, idOf('owner'), {
      kind: 'SYSTEM',
      key: serverKey(change.id),
      ordinal: 0n,
      membershipSeq: 1n,
      body: JSON.stringify({ text: 'created', systemEvent: { kind: event.kind, userIds: [idOf('owner')] } }),
    });
    const messages = Array.from({ length: messagesPerGroup }, (_, index) => {
      const seq = BigInt(index + 2);
      return row(conversation.id, seq, idOf('owner'), { ordinal: seq - 1n, membershipSeq: 1n });
    });
    await write(conversation.id, [founded, ...messages]);
    groups.set(size, conversation.id);
  }
  for (const count of conversationCounts) {
    const userId = idOf(`user${count}`);
    for (let index = 0; index < count; index += 1) {
      const peer = nextId();
      const texts = { title: null, description: null, avatarUrl: null };
      const conversation = { id: nextId(), kind: 'DIRECT', ...texts, createdAt: now, firstMonth: month } as const;
      await directory.conversations.openDirect(conversation, [userId, peer]);
      await write(conversation.id, [row(conversation.id, 1n, peer)]);
      const run = { userId, seq: BigInt(index + 1), conversationId: conversation.id, fromSeq: 1n, toSeq: 1n };
      await store.inboxes.append([{ ...run, truncated: false, activeAt: now + index }]);
    }
  }
  return groups;
}
