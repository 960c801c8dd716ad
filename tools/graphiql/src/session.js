/**
 * Who is signed in, in this tab only: two tabs can be two users. The session is renewed before its access token ends.
 */
import { graphqlUrl } from './endpoint.js';

const key = 'heliograph.session';
/** Set while the page is left by a log-out: GraphiQL saves its tabs once more then, so that the next load clears them. */
const clearKey = 'heliograph.clear';
const renewBeforeMs = 60_000;
const fields = 'accessToken accessTokenExpiresAt refreshToken deviceId user { id username displayName }';

const retryRenewMs = 5_000;

if (sessionStorage.getItem(clearKey) !== null) sessionStorage.clear();

let session = JSON.parse(sessionStorage.getItem(key) ?? 'null');
let notice = '';
/** Whether the server said that the token ended, whatever this machine's clock says. */
let isTokenEnded = false;
let renewing = null;
let timer;
const listeners = new Set();

export const getSession = () => session;

/** Why nobody is signed in any more; empty when that was the user's wish. */
export const getNotice = () => notice;

export function tokenEnded() {
  isTokenEnded = true;
}

export function subscribeSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setSession(next) {
  session = next;
  isTokenEnded = false;
  notice = '';
  if (next === null) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(next));
  plan();
  tell();
}

function tell() {
  for (const listener of listeners) listener();
}

function plan() {
  clearTimeout(timer);
  if (session === null) return;
  const ms = Date.parse(session.accessTokenExpiresAt) - Date.now() - renewBeforeMs;
  timer = setTimeout(renew, Math.max(ms, retryRenewMs));
}

async function ask(query, variables, token = null) {
  const response = await fetch(graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
  }).catch(() => {
    throw new Error('The server does not answer.');
  });
  const { data, errors } = await response.json();
  if (errors) throw Object.assign(new Error(errors[0].message), { code: errors[0].extensions?.code });
  return data;
}

export async function register(username, password) {
  const query = `mutation ($input: RegisterInput!) { register(input: $input) { session { ${fields} } } }`;
  setSession((await ask(query, { input: { username, password, deviceName: 'GraphiQL' } })).register.session);
}

export async function logIn(username, password) {
  const query = `mutation ($input: LogInInput!) { logIn(input: $input) { session { ${fields} } } }`;
  setSession((await ask(query, { input: { username, password, deviceName: 'GraphiQL' } })).logIn.session);
}

export async function logOut() {
  await ask('mutation { logOut { deviceId } }', {}, session?.accessToken).catch(() => {});
  // Answers and the contents of the editors are the user's too: nothing of them stays for the next person at this screen.
  sessionStorage.setItem(clearKey, '');
  location.reload();
}

/** A refresh token works once: who needs a new access token meanwhile waits for the same one. */
function renew() {
  renewing ??= askForNewToken().finally(() => {
    renewing = null;
  });
  return renewing;
}

async function askForNewToken() {
  const { refreshToken } = session;
  try {
    const query = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { ${fields} } } }`;
    setSession((await ask(query, { input: { refreshToken } })).refreshSession.session);
  } catch (error) {
    // A server that is away says nothing about the session: it is asked again.
    if (error.code !== 'UNAUTHENTICATED') return plan();
    setSession(null);
    notice = 'Your session has ended: log in again.';
    tell();
  }
}

/** The token to use now, renewed first when it has ended. */
export async function currentToken() {
  if (session !== null && (isTokenEnded || Date.parse(session.accessTokenExpiresAt) - Date.now() < 5_000))
    await renew();
  return session?.accessToken ?? null;
}

plan();
