/**
 * The first conversation of two users. One streams, disconnects and resumes; the other sends; then the messages are acknowledged
 * as read. With a server running (`npm start`):
 *
 *   node examples/first-conversation.js [http://127.0.0.1:4000 [35000]]
 */
import { randomUUID } from 'node:crypto';
import { createClient } from 'graphql-ws';

const url = process.argv[2] ?? 'http://127.0.0.1:4000';
/** A stream has an event at least every 25 s. After a silence of this many milliseconds, its connection counts as dead. */
const silenceMs = Number(process.argv[3] ?? 35_000);

/** Queries and mutations, over HTTP. */
async function ask(query, variables, session) {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(session && { authorization: `Bearer ${session.accessToken}` }) },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(15_000),
  });
  const { data, errors } = await response.json();
  if (errors) throw Object.assign(new Error(errors[0].message), errors[0].extensions);
  return data;
}

async function register(name) {
  const query = `mutation ($input: RegisterInput!) {
    register(input: $input) { session { accessToken refreshToken user { id username } } }
  }`;
  // A unique name, so that the program can run again.
  const username = `${name}_${randomUUID().slice(0, 8)}`;
  return (await ask(query, { input: { username, password: 'correct horse' } })).register.session;
}

async function renew(session) {
  const query = `mutation ($input: RefreshSessionInput!) {
    refreshSession(input: $input) { session { accessToken refreshToken } }
  }`;
  const { refreshToken } = session;
  Object.assign(session, (await ask(query, { input: { refreshToken } })).refreshSession.session);
}

/** Subscriptions, over graphql-ws: a client that reconnects automatically after any loss of its connection. */
function connect(session) {
  let isTokenInvalid = false;
  let isSignedOut = false;
  const client = createClient({
    url: `${url.replace('http', 'ws')}/graphql`,
    // Runs on every connect. Close code 4403 means the last token expired or was revoked.
    connectionParams: async () => {
      if (isTokenInvalid) {
        const renewal = await renew(session).catch((error) => error);
        isTokenInvalid = renewal instanceof Error;
        // Any other failure passes: the server refuses the old token once more, and the client tries again.
        isSignedOut = renewal?.code === 'UNAUTHENTICATED';
      }
      return { Authorization: `Bearer ${session.accessToken}` };
    },
    on: {
      closed: ({ code }) => {
        if (code === 4403) isTokenInvalid = true;
      },
    },
    retryAttempts: Infinity,
    // Without this, a refused connection, for example during a server restart, would end the stream.
    shouldRetry: () => !isSignedOut,
    retryWait: (tries) => sleep(Math.min(500 * 2 ** tries, 30_000) * (0.5 + Math.random())),
  });
  watch(client);
  return client;
}

/** Replaces a connection that died silently, as in a change of network: nothing arrives on it any more, and nothing closes it. */
function watch(client) {
  let timer;
  let heardAt;
  const start = () => {
    clearTimeout(timer);
    timer = setTimeout(() => client.terminate(), silenceMs);
    heardAt = Date.now();
  };
  client.on('connecting', start);
  client.on('message', start);
  client.on('closed', () => clearTimeout(timer));
  // In browsers: connections of an earlier network rarely survive, and timers stand still during a sleep.
  globalThis.addEventListener?.('online', () => client.terminate());
  globalThis.document?.addEventListener('visibilitychange', () => {
    if (Date.now() - heardAt >= silenceMs) client.terminate();
  });
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const streamQuery = `subscription ($afterSeq: Seq) {
  messageReceived(afterSeq: $afterSeq) {
    __typename
    ... on StreamReady { startSeq headSeq }
    ... on MessageReceived { inboxSeq message { id seq text sender { username } } }
    ... on StreamTruncated { backlogs { inboxSeq conversationId fromSeq toSeq } }
    ... on StreamHeartbeat { position }
  }
}`;

/** Calls `onEvent` with everything after `place.lastSeq`, once, over any number of connections and attempts. Returns a function that stops it. */
function stream(client, place, onEvent, onEnd) {
  const isRepeat = rememberUnnumbered();
  // A getter: graphql-ws sends the variables again on every reconnect, so this must return the position reached by then.
  const variables = {
    get afterSeq() {
      return place.lastSeq;
    },
  };
  const take = (event) => {
    if (event.__typename === 'StreamHeartbeat') place.lastSeq = event.position;
    if (event.__typename === 'StreamTruncated') place.lastSeq = event.backlogs.at(-1).inboxSeq;
    if (event.__typename === 'MessageReceived') {
      // Live messages of large groups do not have an inbox number yet.
      place.lastSeq = event.inboxSeq ?? place.lastSeq;
      if (isRepeat(event)) return;
    }
    onEvent(event);
  };
  let tries = 0;
  let stop;
  const start = () => {
    let isOver = false;
    const end = (problem) => {
      if (isOver) return;
      isOver = true;
      stop();
      const { retryable, retryAfterMs } = problem?.[0]?.extensions ?? {};
      if (!retryable) return onEnd(problem);
      // Such as UNAVAILABLE. graphql-ws subscribes again after the loss of a connection, but not after an error.
      const pause = setTimeout(start, retryAfterMs ?? Math.min(500 * 2 ** tries, 30_000) * (0.5 + Math.random()));
      tries += 1;
      stop = () => clearTimeout(pause);
    };
    stop = client.subscribe(
      { query: streamQuery, variables },
      {
        next: ({ data, errors }) => {
          if (errors) return end(errors);
          tries = 0;
          take(data.messageReceived);
        },
        error: end,
        complete: () => end(null),
      },
    );
  };
  start();
  return () => stop();
}

/** Messages that were live without a number may come again with their number after a reconnect. Recognises them by their id. */
function rememberUnnumbered(max = 1_000) {
  const ids = new Set();
  return ({ inboxSeq, message: { id } }) => {
    if (ids.has(id)) return true;
    if (inboxSeq === null) ids.add(id);
    // Only messages of the last moment come again.
    if (ids.size > max) ids.delete(ids.values().next().value);
    return false;
  };
}

/** Streams until `count` messages have arrived. */
async function read(session, place, count, onReady) {
  const client = connect(session);
  const texts = [];
  let isFirst = true;
  await new Promise((resolve, reject) => {
    const onEvent = (event) => {
      if (event.__typename === 'StreamReady' && isFirst) {
        isFirst = false;
        onReady?.().catch(reject);
      }
      if (event.__typename !== 'MessageReceived') return;
      const { text, sender } = event.message;
      console.log(`#${event.inboxSeq} ${sender.username}: ${text}`);
      if (texts.push(text) === count) resolve();
    };
    stream(client, place, onEvent, (problem) => reject(problem ?? new Error('the stream ended')));
  });
  await client.dispose();
  return texts;
}

async function send(session, userId, text) {
  // Created once per message: a resend with the same id after any failure is the same message.
  const input = { to: { userId }, clientMessageId: randomUUID(), text };
  const query = `mutation ($input: SendMessageInput!) {
    sendMessage(input: $input) { sentMessage { id status } }
  }`;
  for (let tries = 0; ; tries += 1) {
    try {
      return (await ask(query, { input }, session)).sendMessage.sentMessage;
    } catch (error) {
      // A refused connection has no `retryable`: whether the message was sent is unknown, and sending it again is safe.
      if (error.retryable === false || tries === 5) throw error;
      await sleep(error.retryAfterMs ?? 500 * 2 ** tries);
    }
  }
}

const [alice, bob] = [await register('alice'), await register('bob')];
/** The last inbox number seen. Store it where it outlives the page or the process. */
const place = { lastSeq: '0' };

await read(bob, place, 1, () => send(alice, bob.user.id, 'Hello!'));
console.log('Bob is offline and misses nothing:');
await send(alice, bob.user.id, 'Are you there?');
const last = await send(alice, bob.user.id, 'Call me.');
await read(bob, place, 2);

const ack = `mutation ($input: AckMessagesInput!) {
  ackMessages(input: $input) { ackedSeq conversations { unreadCount } }
}`;
await ask(ack, { input: { status: 'READ', upToInboxSeq: place.lastSeq } }, bob);
const { message } = await ask('query ($id: ID!) { message(id: $id) { text status } }', { id: last.id }, alice);
console.log(`Alice sees that "${message.text}" is ${message.status}.`);
// Node itself would wait for a connection that died silently.
process.exit();
