/** The bar above GraphiQL: who is signed in, and whether the server is connected. */
import { useState, useSyncExternalStore } from 'react';
import { enter, getNotice, getSession, isNewUser, logIn, logOut, register, subscribeSession } from './account.js';
import { getConnectionState, subscribeConnection } from './connection.js';

export function Bar() {
  const session = useSyncExternalStore(subscribeSession, getSession);
  return (
    <header className="bar">
      <strong>Heliograph</strong>
      {session === null ? <SignIn /> : <SignedIn session={session} />}
    </header>
  );
}

function SignedIn({ session }) {
  return (
    <>
      <span className="user" data-testid="signed-in">
        {/* Enter registers a user also when the name was a slip. */}
        Signed in as <b>{session.username}</b>
        {isNewUser() && ' (new)'}, id <code>{session.userId}</code>
      </span>
      <span className="actions">
        {navigator.clipboard && (
          <button type="button" className="quiet" onClick={() => navigator.clipboard.writeText(session.userId)}>
            Copy id
          </button>
        )}
        <button type="button" className="quiet" onClick={() => logOut()}>
          Log out
        </button>
        <Connection />
      </span>
    </>
  );
}

function Connection() {
  const isOpen = useSyncExternalStore(subscribeConnection, getConnectionState) === 'open';
  return (
    <span className={isOpen ? 'connection open' : 'connection'} role="status">
      {isOpen ? 'Connected' : 'Connecting …'}
    </span>
  );
}

function SignIn() {
  const notice = useSyncExternalStore(subscribeSession, getNotice);
  const [problem, setProblem] = useState('');
  const [isBusy, setIsBusy] = useState(false);
  const attempt = async (form, call) => {
    if (isBusy || !form.reportValidity()) return;
    const fields = new FormData(form);
    setProblem('');
    setIsBusy(true);
    try {
      await call(String(fields.get('username')), String(fields.get('password')));
    } catch (error) {
      setProblem(error.message);
    } finally {
      setIsBusy(false);
    }
  };
  const says = problem || notice;
  return (
    <>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          attempt(event.currentTarget, enter);
        }}
      >
        <input
          name="username"
          placeholder="username"
          autoComplete="username"
          autoCapitalize="none"
          spellCheck={false}
          aria-label="Username"
          required
        />
        <input
          name="password"
          type="password"
          placeholder="password, 8 or more"
          autoComplete="current-password"
          aria-label="Password"
          required
        />
        {/* Enter presses the first one of type submit. */}
        <button type="submit" hidden />
        <button type="button" onClick={(event) => attempt(event.currentTarget.form, logIn)}>
          Log in
        </button>
        <button type="button" className="quiet" onClick={(event) => attempt(event.currentTarget.form, register)}>
          Register
        </button>
      </form>
      {says ? <span role="alert">{says}</span> : <span>New here? Fill in both and press Enter.</span>}
    </>
  );
}
