/** A real server on a folder of its own, and clients that talk to it as users' clients do. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type Heliograph, startHeliograph } from '../../src/compose.ts';
import { readConfig } from '../../src/config/config.ts';
import { createLog } from '../../src/observability/log.ts';
import { openStores } from './server-stores.ts';

/** The data of an answer, in the shape of the test's query. */
// biome-ignore lint/suspicious/noExplicitAny: the query decides the shape, and the assertion checks it
export type Json = any;

export interface Answer {
  readonly data?: Record<string, Json> | null;
  readonly errors?: readonly { message: string; path?: (string | number)[]; extensions: Record<string, unknown> }[];
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly wsUrl: string;
  readonly dataDir: string;
  readonly heliograph: Heliograph;
  /** Lines of the log so far. */
  readonly logLines: readonly Record<string, Json>[];
  post(query: string, variables?: object, token?: string): Promise<Answer>;
  /** Registers a user under a name of their own. */
  user(name?: string): Promise<TestUser>;
  /** Stops the server and starts another on the same folder, with other settings if they are given. */
  restart(env?: Record<string, string>): Promise<void>;
  /** Stops the server, calls the function, and starts the server again. */
  whileStopped(call: () => Promise<void>): Promise<void>;
}

/**
 * @param clock - the wall clock
 * @param elapsed - the monotonic clock
 */
export async function startServer(
  env: Record<string, string> = {},
  clock?: () => number,
  elapsed?: () => number,
): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'heliograph-'));
  const stores = await openStores();
  const logLines: Record<string, Json>[] = [];
  const write = (line: string) => {
    logLines.push(JSON.parse(line));
    if (process.env.TEST_LOG !== undefined) process.stdout.write(line);
  };
  const log = createLog({ level: process.env.TEST_LOG ?? 'info', version: 'test', destination: { write } });
  const configOf = (own: Record<string, string>) =>
    readConfig({ PORT: '0', DATA_DIR: dataDir, RATE_LIMIT_SCALE: '1000', DRAIN_MS: '0', ...stores.env, ...own });
  let config = configOf(env);
  let heliograph = await startHeliograph(config, log, 'test', clock, elapsed);
  const users: TestUser[] = [];
  const server: TestServer = {
    dataDir,
    logLines,
    get url() {
      return heliograph.server.url;
    },
    get wsUrl() {
      return `${heliograph.server.url.replace('http', 'ws')}/graphql`;
    },
    get heliograph() {
      return heliograph;
    },
    async post(query, variables, token) {
      const response = await fetch(`${heliograph.server.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify({ query, variables }),
      });
      return (await response.json()) as Answer;
    },
    async user(name) {
      const user = await register(server, name);
      users.push(user);
      return user;
    },
    async restart(own) {
      if (own !== undefined) config = configOf(own);
      await server.whileStopped(async () => {});
    },
    async whileStopped(call) {
      await heliograph[Symbol.asyncDispose]();
      await call();
      heliograph = await startHeliograph(config, log, 'test', clock, elapsed);
    },
    async [Symbol.asyncDispose]() {
      for (const user of users) await user.close();
      await heliograph[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true, force: true });
      await stores.remove();
    },
  };
  return server;
}

/** The part of a server that clients need. */
export type Reachable = Pick<TestServer, 'wsUrl' | 'post'>;

export async function register(server: Reachable, name = `u${randomUUID().slice(0, 8)}`): Promise<TestUser> {
  const answer = await server.post(
    `mutation ($input: RegisterInput!) { register(input: $input) { session { accessToken refreshToken deviceId user { id username } } } }`,
    { input: { username: name, password: 'correct horse' } },
  );
  if (answer.data?.register == null) throw new Error(JSON.stringify(answer.errors));
  return new TestUser(server, answer.data.register.session);
}

interface SessionFields {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly deviceId: string;
  readonly user: { readonly id: string; readonly username: string };
}

const sendMutation = `mutation ($input: SendMessageInput!) {
  sendMessage(input: $input) { deduplicated sentMessage { id seq status text conversationId clientMessageId sentAt } } }`;

export const streamQuery = `subscription ($afterSeq: Seq) { messageReceived(afterSeq: $afterSeq) {
  __typename
  ... on StreamReady { startSeq headSeq }
  ... on MessageReceived { inboxSeq message { id seq text senderId clientMessageId conversationId kind status systemEvent { kind } } }
  ... on StreamTruncated { backlogs { inboxSeq conversationId fromSeq toSeq } }
  ... on StreamHeartbeat { position } } }`;

export class TestUser {
  readonly server: Reachable;
  session: SessionFields;
  private client: Client | null = null;
  readonly closes: number[] = [];

  constructor(server: Reachable, session: SessionFields) {
    this.server = server;
    this.session = session;
  }

  get id(): string {
    return this.session.user.id;
  }

  get ws(): Client {
    this.client ??= createClient({
      url: () => this.server.wsUrl,
      webSocketImpl: WebSocket,
      lazy: true,
      retryAttempts: 0,
      connectionParams: () => ({ Authorization: `Bearer ${this.session.accessToken}` }),
      on: { closed: (event) => this.closes.push((event as { code: number }).code) },
    });
    return this.client;
  }

  post(query: string, variables?: object): Promise<Answer> {
    return this.server.post(query, variables, this.session.accessToken);
  }

  /** Data of an operation that must not fail. */
  async ask(query: string, variables?: object): Promise<Record<string, Json>> {
    const answer = await this.post(query, variables);
    if (answer.errors !== undefined || answer.data == null) throw new Error(JSON.stringify(answer.errors));
    return answer.data;
  }

  /** The code of an operation that must fail. */
  async fails(query: string, variables?: object): Promise<unknown> {
    return (await this.post(query, variables)).errors?.[0]?.extensions.code;
  }

  async send(
    to: { userId: string } | { conversationId: string },
    text: string,
    more: object = {},
  ): Promise<Record<string, Json>> {
    const input = { to, text, clientMessageId: randomUUID(), ...more };
    return (await this.ask(sendMutation, { input })).sendMessage.sentMessage;
  }

  sendRaw(input: object): Promise<Answer> {
    return this.post(sendMutation, { input });
  }

  /** Starts a subscription and collects its events. */
  subscribe(query: string, variables: Record<string, unknown> = {}): Events {
    const events = new Events();
    const stop = this.ws.subscribe<Record<string, Json>>(
      { query, variables },
      {
        next: (answer) => events.add(answer as unknown as Answer),
        error: (error) => events.fail(error),
        complete: () => events.complete(),
      },
    );
    events.stop = stop;
    return events;
  }

  stream(afterSeq?: string | null): Events {
    return this.subscribe(streamQuery, { afterSeq: afterSeq ?? null });
  }

  /** Drops the connection, as a closed tab does. */
  async close(): Promise<void> {
    await this.client?.dispose();
    this.client = null;
  }
}

/** The events of a subscription so far. */
export class Events {
  readonly answers: Answer[] = [];
  error: unknown = null;
  isComplete = false;
  stop: () => void = () => {};
  private wake: () => void = () => {};

  add(answer: Answer): void {
    this.answers.push(answer);
    this.wake();
  }

  fail(error: unknown): void {
    this.error = error;
    this.wake();
  }

  complete(): void {
    this.isComplete = true;
    this.wake();
  }

  /** The values of the only field, as they came. */
  get values(): Json[] {
    return this.answers.map(({ data }) => Object.values(data ?? { none: null })[0]);
  }

  get messages(): Json[] {
    return this.values.filter((value) => value?.__typename === 'MessageReceived');
  }

  get texts(): string[] {
    return this.messages.map(({ message }) => message.text);
  }

  async until(isDone: (events: this) => boolean, what = 'events', timeoutMs = 30_000): Promise<this> {
    const deadline = Date.now() + timeoutMs;
    while (!isDone(this)) {
      const left = deadline - Date.now();
      if (left <= 0)
        throw new Error(
          `no ${what} in time; got ${JSON.stringify(this.answers).slice(0, 2_000)} ${JSON.stringify(this.error)}`,
        );
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.min(left, 500));
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this;
  }
}

/** Resolves when a condition holds. */
export async function eventually(
  isDone: () => boolean | Promise<boolean>,
  what = 'condition',
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await isDone())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come true in time`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
