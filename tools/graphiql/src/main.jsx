import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { Kind, parse } from 'graphql';
import { createClient } from 'graphql-ws';
import { useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { graphqlUrl, socketUrl } from './endpoint.js';
import { examples } from './examples.js';
import { keepEvents } from './live.js';
import {
  currentToken,
  getNotice,
  getSession,
  logIn,
  logOut,
  register,
  subscribeSession,
  tokenEnded,
} from './session.js';

const wsClient = createClient({
  url: socketUrl,
  lazy: true,
  retryAttempts: Number.POSITIVE_INFINITY,
  // 4403 says that the token ended: the client comes back, and asks for a new one on the way.
  shouldRetry: () => getSession() !== null,
  retryWait: (tries) =>
    new Promise((resolve) => setTimeout(resolve, Math.min(500 * 2 ** tries, 10_000) * (0.5 + Math.random()))),
  on: {
    closed: ({ code }) => {
      if (code === 4403) tokenEnded();
    },
  },
  connectionParams: async () => {
    const token = await currentToken();
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  },
});
let userId = getSession()?.user.id;
subscribeSession(() => {
  // What runs is another user's now. A token that was only renewed leaves it alone.
  if (getSession()?.user.id !== userId) wsClient.terminate();
  userId = getSession()?.user.id;
});

const send = createGraphiQLFetcher({
  url: graphqlUrl,
  wsClient: keepEvents(wsClient),
  fetch: async (url, init) => {
    const token = await currentToken();
    return fetch(url, { ...init, headers: { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) } });
  },
});

/** GraphiQL notes the name of a tab's operation a moment late: who runs it at once would run the last tab's by name. */
function fetcher(params, options) {
  let documentAST;
  try {
    documentAST = parse(params.query);
  } catch {
    return send(params, options); // The server says what is wrong with it.
  }
  const names = documentAST.definitions
    .filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
    .map(({ name }) => name?.value);
  const operationName = names.includes(params.operationName ?? undefined) ? params.operationName : names[0];
  return send({ ...params, operationName }, { ...options, documentAST });
}

function SignIn() {
  const session = useSyncExternalStore(subscribeSession, getSession);
  const notice = useSyncExternalStore(subscribeSession, getNotice);
  const [problem, setProblem] = useState('');
  const attempt = (call) => async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget.form ?? event.currentTarget);
    setProblem('');
    try {
      await call(String(form.get('username')), String(form.get('password')));
    } catch (error) {
      setProblem(error.message);
    }
  };
  if (session !== null) {
    return (
      <header className="sign-in">
        <strong>Heliograph</strong>
        <span data-testid="signed-in">
          Signed in as <b>{session.user.username}</b>, id <code>{session.user.id}</code>
        </span>
        {navigator.clipboard && (
          <button type="button" className="quiet" onClick={() => navigator.clipboard.writeText(session.user.id)}>
            Copy id
          </button>
        )}
        <button type="button" className="quiet" onClick={() => logOut()}>
          Log out
        </button>
      </header>
    );
  }
  return (
    <header className="sign-in">
      <strong>Heliograph</strong>
      <form onSubmit={attempt(logIn)}>
        <input name="username" placeholder="username" autoComplete="username" aria-label="Username" required />
        <input
          name="password"
          type="password"
          placeholder="password, 8 characters or more"
          autoComplete="current-password"
          aria-label="Password"
          required
        />
        <button type="submit">Log in</button>
        <button type="button" className="quiet" onClick={attempt(register)}>
          Register
        </button>
      </form>
      {problem || notice ? (
        <span role="alert">{problem || notice}</span>
      ) : (
        <span>New here? Fill in both, then press Register.</span>
      )}
    </header>
  );
}

createRoot(document.getElementById('root')).render(
  <>
    <SignIn />
    <main>
      <GraphiQL
        fetcher={fetcher}
        defaultTabs={examples}
        defaultEditorToolsVisibility="variables"
        shouldPersistHeaders={false}
        // What a tab has in its editors is its own, as its user is: shared, two tabs would mix theirs up in the next one.
        storage={sessionStorage}
      />
    </main>
  </>,
);
