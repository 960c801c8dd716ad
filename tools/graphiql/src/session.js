/**
 * Who is signed in, in this tab only: two tabs can be two users. The session is renewed before its access token ends.
 */
const key = 'heliograph.session';
const renewBeforeMs = 60_000;
const fields = 'accessToken accessTokenExpiresAt refreshToken deviceId user { id username displayName }';

let session = JSON.parse(sessionStorage.getItem(key) ?? 'null');
let timer;
const listeners = new Set();

export const getSession = () => session;

export function subscribeSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setSession(next) {
  session = next;
  if (next === null) sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(next));
  plan();
  for (const listener of listeners) listener(next);
}

function plan() {
  clearTimeout(timer);
  if (session === null) return;
  const ms = Date.parse(session.accessTokenExpiresAt) - Date.now() - renewBeforeMs;
  timer = setTimeout(() => renew().catch(() => setSession(null)), Math.max(ms, 1_000));
}

async function ask(query, variables) {
  const response = await fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(session && { authorization: `Bearer ${session.accessToken}` }) },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = await response.json();
  if (errors) throw new Error(`${errors[0].extensions?.code ?? 'ERROR'}: ${errors[0].message}`);
  return data;
}

export async function register(username, password) {
  const query = `mutation ($input: RegisterInput!) { register(input: $input) { ${fields} } }`;
  setSession((await ask(query, { input: { username, password, deviceName: 'GraphiQL' } })).register);
}

export async function logIn(username, password) {
  const query = `mutation ($input: LogInInput!) { logIn(input: $input) { ${fields} } }`;
  setSession((await ask(query, { input: { username, password, deviceName: 'GraphiQL' } })).logIn);
}

export async function logOut() {
  await ask('mutation { logOut }').catch(() => {});
  setSession(null);
}

async function renew() {
  const refreshToken = session.refreshToken;
  const old = session;
  session = null; // The access token may have ended, and is not needed to renew.
  try {
    const query = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { ${fields} } }`;
    setSession((await ask(query, { input: { refreshToken } })).refreshSession);
  } catch (error) {
    session = old;
    throw error;
  }
}

/** The token to use now, renewed first when it has ended. */
export async function currentToken() {
  if (session !== null && Date.parse(session.accessTokenExpiresAt) - Date.now() < 5_000) {
    await renew().catch(() => setSession(null));
  }
  return session?.accessToken ?? null;
}

plan();
