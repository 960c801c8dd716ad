/**
 * Where the session is stored: in this tab, because two tabs can be two users, and nothing of a closed tab stays. A duplicated tab is
 * the same user on the same device, so it gets every change: the browser copied the session, and only one of the two may renew it.
 */
import { sessionKey } from '../../../examples/clients/stored-session.ts';

const answerWithinMs = 150;

const channel = new BroadcastChannel('heliograph.duplicates');

const read = () => JSON.parse(sessionStorage.getItem(sessionKey) ?? 'null');

let heard = () => {};

channel.onmessage = ({ data: { deviceId, key, value } }) => {
  const own = read();
  if (own === null || own.deviceId !== deviceId) return;
  if (key === null) return announce(deviceId, sessionKey, JSON.stringify(own));
  if (value === null) sessionStorage.removeItem(key);
  else if (key !== sessionKey || JSON.parse(value).renewAt > own.renewAt) sessionStorage.setItem(key, value);
  heard();
  // As a browser says it of a storage that tabs share.
  window.dispatchEvent(new StorageEvent('storage', { key }));
};

/** @param key - null asks the duplicates for their session */
function announce(deviceId, key, value) {
  if (deviceId !== undefined) channel.postMessage({ deviceId, key, value });
}

export const tabStorage = {
  getItem: (key) => sessionStorage.getItem(key),
  setItem(key, value) {
    sessionStorage.setItem(key, value);
    announce(read()?.deviceId, key, value);
  },
  removeItem(key) {
    const deviceId = read()?.deviceId;
    sessionStorage.removeItem(key);
    announce(deviceId, key, null);
  },
  /** Asks duplicates for a newer session: a tab that the browser had put to sleep has not heard of it. */
  sync() {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, answerWithinMs);
      heard = () => {
        clearTimeout(timer);
        resolve();
      };
      announce(read()?.deviceId, null, null);
    });
  },
};
