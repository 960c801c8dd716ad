import { GraphiQL } from 'graphiql';
import 'graphiql/setup-workers/vite';
import 'graphiql/style.css';
import './page.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { createClient } from 'graphql-ws';
import { useState, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { examples } from './examples.js';
import { currentToken, getSession, logIn, logOut, register, subscribeSession } from './session.js';

const socketUrl = `${location.origin.replace(/^http/, 'ws')}/graphql`;

const wsClient = createClient({
  url: socketUrl,
  lazy: true,
  retryAttempts: Number.POSITIVE_INFINITY,
  // 4403 says that the token ended: the client comes back, and asks for a new one on the way.
  shouldRetry: () => getSession() !== null,
  connectionParams: async () => {
    const token = await currentToken();
    return token === null ? {} : { Authorization: `Bearer ${token}` };
  },
});
subscribeSession(() => wsClient.terminate());

const fetcher = createGraphiQLFetcher({
  url: '/graphql',
  wsClient,
  fetch: async (url, init) => {
    const token = await currentToken();
    return fetch(url, { ...init, headers: { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) } });
  },
});

function SignIn() {
  const session = useSyncExternalStore(subscribeSession, getSession);
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
          signed in as <b>{session.user.username}</b> (id {session.user.id})
        </span>
        <button type="button" onClick={() => logOut()}>
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
          placeholder="password"
          autoComplete="current-password"
          aria-label="Password"
          required
        />
        <button type="submit">Log in</button>
        <button type="button" onClick={attempt(register)}>
          Register
        </button>
      </form>
      <span role="alert">{problem}</span>
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
      />
    </main>
  </>,
);
