/** Who is signed in, in this tab only. */
import { AskError } from '../../../examples/clients/account-requests.ts';
import { Session } from '../../../examples/clients/session.ts';
import { baseUrl } from './endpoint.js';
import { serverIsAway, sessionIsOver } from './sentences.js';
import { tabStorage } from './tab-storage.js';

/** Set while the page is left by a log-out: GraphiQL saves its tabs once more then, so that the next load clears them. */
const clearKey = 'heliograph.clear';
const options = { storage: tabStorage, deviceName: 'GraphiQL' };

if (sessionStorage.getItem(clearKey) !== null) sessionStorage.clear();

let session = null;
let isNew = false;
let notice = '';
const listeners = new Set();

export const getSession = () => session;

/** Whether the user was registered on this page just now. */
export const isNewUser = () => isNew;

/** Why nobody is signed in any more. Empty if that was the user's wish. */
export const getNotice = () => notice;

export function subscribeSession(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function setSession(next, { isRegistered = false, reason = '' } = {}) {
  session = next;
  isNew = isRegistered;
  notice = reason;
  for (const listener of listeners) listener();
  next?.whenOver.then(() => {
    if (session === next) setSession(null, { reason: sessionIsOver });
  });
}

export async function register(username, password) {
  setSession(await withSentence(Session.register(baseUrl, username, password, options)), { isRegistered: true });
}

export async function logIn(username, password) {
  setSession(await withSentence(Session.logIn(baseUrl, username, password, options)));
}

/** Logs in, or registers the user if the name is new. */
export async function enter(username, password) {
  try {
    await logIn(username, password);
  } catch (refused) {
    if (refused.code !== 'UNAUTHENTICATED') throw refused;
    // The server does not say whether it was the name or the password.
    await register(username, password).catch((error) => {
      throw error.code === 'USERNAME_TAKEN' ? new Error(`The password of ${username} is wrong.`) : error;
    });
  }
}

export async function logOut() {
  const leaving = session;
  session = null;
  await leaving.logOut().catch(() => {});
  // Answers and the contents of the editors are the user's too: nothing of them stays for the next person at this screen.
  sessionStorage.setItem(clearKey, '');
  location.reload();
}

async function withSentence(attempt) {
  try {
    return await attempt;
  } catch (error) {
    throw error instanceof AskError ? error : new Error(serverIsAway);
  }
}

setSession(Session.restore(baseUrl, tabStorage));
