/**
 * What a running subscription needs on this page:
 * - GraphiQL shows its last result only, so that a message would be gone with the next heartbeat. Here the events before it stay in
 *   sight, below it.
 * - A stream whose connection was lost continues after the last message it brought, instead of beginning anew.
 * - GraphiQL ends a subscription when the user looks at another of its tabs. Here it is paused: it continues when the user returns.
 */
import { getSession } from './account.js';
import { getClient } from './connection.js';
import { answerOf, sessionIsOver, signInFirst } from './sentences.js';

const earlierMax = 50;

let activeTab = null;
/** The subscription that runs in the tab in sight. */
let live = null;
/** What the subscriptions of other tabs have brought, by their tab. */
const paused = new Map();
let run = () => {};

/** @param next - runs the operation of the tab in sight */
export function setRun(next) {
  run = next;
}

/** GraphiQL calls it for changes inside of a tab, too. */
export function onTabChange({ tabs, activeTabIndex }) {
  const { id } = tabs[activeTabIndex];
  if (id === activeTab) return;
  activeTab = id;
  // A new tab does not end the subscription, whose events would be shown in it.
  live?.leave();
  for (const tab of paused.keys()) if (!tabs.some((one) => one.id === tab)) paused.delete(tab);
  // Once GraphiQL has put the tab into its editors.
  if (paused.has(id)) setTimeout(() => run());
}

/** A subscription, in the form of a graphql-ws client's. */
export function subscribe(payload, sink) {
  const client = getClient();
  const session = getSession();
  if (client === null) return endWith(sink, answerOf(signInFirst));
  const tab = activeTab;
  const seen = takePaused(tab, session.userId);
  const isRunning = () => live === stream;
  const end = (answer) => {
    if (!isRunning()) return;
    live = null;
    if (answer === undefined) return void endWith(sink);
    // The last event stays in sight, too.
    take(seen, { data: null });
    endWith(sink, withEarlier(seen, answer));
  };
  const unsubscribe = client.subscribe(
    { ...payload, variables: resumeFrom(seen, payload.variables) },
    {
      next(result) {
        if (!isRunning()) return;
        take(seen, result);
        sink.next(withEarlier(seen, result));
      },
      error: (problem) => end(Array.isArray(problem) ? { errors: problem } : answerOf(sentenceOf(problem))),
      complete: () => end(session.isOver ? answerOf(sessionIsOver) : undefined),
    },
  );
  const stream = {
    /** The user looks at another tab. */
    leave() {
      live = null;
      paused.set(tab, seen);
      unsubscribe();
      sink.complete();
    },
  };
  live = stream;
  return () => {
    if (!isRunning()) return;
    live = null;
    unsubscribe();
    // GraphiQL ends a subscription before it changes the tab, and the user ends one without a change.
    queueMicrotask(() => {
      if (activeTab !== tab) paused.set(tab, seen);
    });
  };
}

function takePaused(tab, userId) {
  const seen = paused.get(tab);
  paused.delete(tab);
  return seen?.userId === userId ? seen : { userId, earlier: [], last: null, position: null };
}

function take(seen, { data }) {
  seen.position = positionAfter(data?.messageReceived) ?? seen.position;
  if (seen.last !== null) seen.earlier.unshift(seen.last);
  seen.earlier.length = Math.min(seen.earlier.length, earlierMax);
  seen.last = data?.messageReceived?.__typename === 'StreamHeartbeat' ? null : data;
}

function withEarlier({ earlier }, answer) {
  return earlier.length === 0 ? answer : { ...answer, earlierEvents: [...earlier] };
}

/** graphql-ws sends the variables again at each connection: the getter returns the position reached by then. */
function resumeFrom(seen, variables) {
  const { afterSeq } = variables ?? {};
  if (afterSeq === undefined) return variables;
  return Object.defineProperty({ ...variables }, 'afterSeq', {
    enumerable: true,
    get: () => seen.position ?? afterSeq,
  });
}

/** Where the stream is after an event of the example "Stream". */
function positionAfter(event) {
  if (event?.__typename === 'MessageReceived') return event.inboxSeq;
  if (event?.__typename === 'StreamHeartbeat') return event.position;
  return event?.__typename === 'StreamTruncated' ? event.backlogs?.at(-1)?.inboxSeq : undefined;
}

function sentenceOf(problem) {
  if (getSession() === null || problem.code === 'UNAUTHENTICATED') return sessionIsOver;
  const reason = problem.reason || problem.message;
  return reason ? `The stream has ended: ${reason}` : 'The stream has ended: the connection was closed.';
}

function endWith(sink, answer) {
  if (answer !== undefined) sink.next(answer);
  // GraphiQL drops an answer that it has not taken by the end.
  setTimeout(() => sink.complete());
  return () => {};
}
