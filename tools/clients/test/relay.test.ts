/** Relay shows a message once, whatever comes first: the answer to the send or the stream's event. With the recipe, and without it. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Client } from 'graphql-ws';
import {
  commitMutation,
  createOperationDescriptor,
  Environment,
  fetchQuery,
  type GraphQLTaggedNode,
  getRequest,
  RecordSource,
  requestSubscription,
  Store,
} from 'relay-runtime';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Session } from '../../../examples/clients/session.ts';
import { eventually, type TestUser } from '../../../test/support/heliograph.ts';
import type { ServerProcess } from '../../../test/support/server-process.ts';
import type { Project } from './support/project.ts';
import { createRelayProject } from './support/relay.ts';
import { type Server, startServer } from './support/server.ts';

interface Shown {
  readonly id: string;
  readonly seq: string | null;
  readonly text: string;
  readonly status: string;
}

type CreateEnvironment = (session: Session, socket: Client, fetcher: typeof fetch) => Environment;

/** The modules of the example, as they are in an app that has copied them. */
interface Example {
  readonly relay: {
    createRelayEnvironment: CreateEnvironment;
    bySeq(a: Shown, b: Shown): number;
  };
  readonly session: typeof import('../../../examples/clients/session.ts');
  readonly socket: typeof import('../../../examples/clients/socket.ts');
}

let project: Project;
let example: Example;
let running: Server;
let server: ServerProcess;
let alice: TestUser;
let bob: TestUser;
let conversationId: string;
/** Answers to mutations wait for it. */
let gate: Promise<void>;

const load = async (path: string) => await import(pathToFileURL(join(project.folder, 'src', path)).href);
const document = async (name: string): Promise<GraphQLTaggedNode> =>
  (await load(`__generated__/${name}.graphql.ts`)).default;

beforeAll(async () => {
  ({ project } = await createRelayProject());
  example = {
    relay: await load('heliograph/relay.ts'),
    session: await load('heliograph/session.ts'),
    socket: await load('heliograph/socket.ts'),
  };
  running = await startServer();
  server = running.process;
});
beforeEach(async () => {
  [alice, bob] = [await server.user(), await server.user()];
  ({ conversationId } = await bob.send({ userId: alice.session.user.id }, 'first'));
  gate = Promise.resolve();
});
afterAll(async () => {
  await running[Symbol.asyncDispose]();
  project[Symbol.dispose]();
});

async function openApp(create: CreateEnvironment) {
  const session = new example.session.Session(server.url, alice.session);
  const socket = example.socket.createSocketClient(
    session,
    { lastSeq: '1' },
    { url: server.wsUrl, webSocketImpl: WebSocket },
  );
  const environment = create(session, socket, async (url, init) => {
    const answer = await fetch(url, init);
    if (String(init?.body).includes('mutation')) await gate;
    return answer;
  });
  const conversationQuery = await document('relayConversationQuery');
  await fetchQuery(environment, conversationQuery, { id: conversationId }).toPromise();
  const operation = createOperationDescriptor(getRequest(conversationQuery), { id: conversationId });
  const retained = environment.retain(operation);

  const listId = `client:${conversationId}:__relay_messages_messages_connection`;
  const renders: string[][] = [];
  const read = () => {
    const edges = environment.getStore().getSource().get(listId)?.edges as { __refs: string[] } | undefined;
    const source = environment.getStore().getSource();
    const shown = (edges?.__refs ?? []).map((edgeId) => {
      const { node } = source.get(edgeId) as unknown as { node: { __ref: string } };
      return source.get(node.__ref) as unknown as Shown;
    });
    return shown.toSorted(example.relay.bySeq).map(({ text, status }) => `${text} ${status}`);
  };
  const look = () => {
    const render = read();
    if (render.join() !== renders.at(-1)?.join()) renders.push(render);
  };
  const watching = watch(environment, look);
  look();

  let stop = () => {};
  return {
    renders,
    async stream() {
      const ready = Promise.withResolvers<void>();
      const subscription = requestSubscription(environment, {
        subscription: await document('relayStreamSubscription'),
        variables: { afterSeq: '1', connections: [listId] },
        onNext: (data) => {
          const { messageReceived } = data as { messageReceived: { __typename: string } };
          if (messageReceived.__typename === 'StreamReady') ready.resolve();
        },
        onError: ready.reject,
      });
      stop = () => subscription.dispose();
      await ready.promise;
    },
    async send(text: string): Promise<void> {
      const clientMessageId = crypto.randomUUID();
      const copy = { id: clientMessageId, seq: null, status: 'SENDING', text, conversationId };
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      commitMutation(environment, {
        mutation: await document('relaySendMutation'),
        variables: { input: { to: { conversationId }, clientMessageId, text }, connections: [listId] },
        optimisticResponse: {
          sendMessage: { sentMessage: { ...copy, senderId: alice.session.user.id, clientMessageId } },
        } as never,
        onCompleted: () => resolve(),
        onError: reject,
      });
      await promise;
    },
    async close() {
      stop();
      retained.dispose();
      watching();
      await socket.dispose();
    },
  };
}

/** Calls after each change of the store, as a component would render. */
function watch(environment: Environment, call: () => void): () => void {
  const store = environment.getStore();
  const { notify } = store;
  store.notify = (...args) => {
    const result = notify.apply(store, args);
    call();
    return result;
  };
  return () => {
    store.notify = notify;
  };
}

/** Everything that a component would have shown of a send. Its answer waits for the event, or the stream starts after the answer. */
async function renderSend(create: CreateEnvironment, first: 'event' | 'answer') {
  const app = await openApp(create);
  const isShown = (text: string) => app.renders.at(-1)?.some((line) => line.startsWith(text)) === true;
  const held = Promise.withResolvers<void>();
  gate = held.promise;
  if (first === 'event') await app.stream();
  const sent = app.send('hello');
  await eventually(() => isShown('hello'), 'the optimistic copy');
  const headSeq = async () =>
    (await bob.ask('query ($id: ID!) { conversation(id: $id) { headSeq } }', { id: conversationId })).conversation
      .headSeq;
  await eventually(async () => (await headSeq()) === '2', 'the send');
  if (first === 'answer') {
    held.resolve();
    await sent;
    await app.stream();
  }
  // Behind the event of the send on the same stream.
  await bob.send({ conversationId }, 'marker');
  await eventually(() => isShown('marker'), 'the marker');
  held.resolve();
  await sent;
  await app.close();
  return app.renders;
}

const texts = (render: readonly string[]) => render.map((line) => line.split(' ')[0]);
const hasDuplicate = (render: readonly string[]) => new Set(texts(render)).size < render.length;

describe('a message that is sent with Relay', () => {
  it.each(['event', 'answer'] as const)('is shown once when its %s comes first', async (first) => {
    const renders = await renderSend(example.relay.createRelayEnvironment, first);
    expect(renders.filter(hasDuplicate)).toEqual([]);
    expect(renders).toContainEqual(['first SENT', 'hello SENDING']);
    expect(texts(renders.at(-1) ?? [])).toEqual(['first', 'hello', 'marker']);
    expect(renders.at(-1)).not.toContain('hello SENDING');
  });

  it('would be shown twice for a moment if it were identified by its id', async () => {
    const byId: CreateEnvironment = (...parameters) => {
      const recipe = example.relay.createRelayEnvironment(...parameters);
      return new Environment({ store: new Store(new RecordSource()), network: recipe.getNetwork() });
    };
    expect((await renderSend(byId, 'event')).filter(hasDuplicate)).not.toEqual([]);
  });
});

it('pages the members and the messages of a conversation by @refetchable', async () => {
  for (const text of ['second', 'third']) await bob.send({ conversationId }, text);
  const session = new example.session.Session(server.url, alice.session);
  const socket = example.socket.createSocketClient(session, { lastSeq: '0' }, { webSocketImpl: WebSocket });
  const environment = example.relay.createRelayEnvironment(session, socket, fetch);
  interface Page {
    readonly edges: readonly {
      readonly cursor: string;
      readonly node: { readonly id: string; readonly seq?: string };
    }[];
    readonly pageInfo: Readonly<Record<'startCursor' | 'endCursor', string>>;
  }
  /** The nodes of all pages, each fetched as Relay's usePaginationFragment does. */
  const readAll = async (name: string, field: string, cursorOf: (page: Page) => string) => {
    const ids = new Set<string>();
    let cursor: string | null = null;
    for (let pages = 1; pages <= 3; pages += 1) {
      const query = getRequest(await document(name));
      const operation = createOperationDescriptor(query, { id: conversationId, count: 1, cursor });
      const answer = await environment.execute({ operation }).toPromise();
      const { node } = (answer as { data: { node: Record<string, Page> } }).data;
      const page = node[field] as Page;
      for (const edge of page.edges) ids.add(edge.node.id);
      cursor = cursorOf(page);
    }
    return [...ids];
  };
  expect(await readAll('relayMessagesPageQuery', 'messages', ({ pageInfo }) => pageInfo.startCursor)).toHaveLength(3);
  const members = await readAll('relayMembersPageQuery', 'members', ({ pageInfo }) => pageInfo.endCursor);
  expect(members).toEqual([alice, bob].map(({ id }) => `${conversationId}-${id}`).sort());
  await socket.dispose();
});
