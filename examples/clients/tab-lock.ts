/**
 * Lets one tab at a time do something. Browsers have Web Locks for it, but only on pages that came over HTTPS or from the same
 * machine. On other pages a lease in the storage that the tabs share takes their place.
 */
import type { SessionStorage } from './stored-session.ts';

/**
 * A tab that was frozen, or that crashed, may not stop the others for longer. Its request may have reached the server, so another tab
 * must repeat it while the server still gives the same tokens (`REFRESH_REUSE_S`, 30 s).
 */
const waitMaxMs = 10_000;
/** Time until all tabs see what one has written: those of other processes do a moment later. */
const settleMs = 250;

interface Locks {
  request(name: string, options: { signal: AbortSignal }, call: () => Promise<void>): Promise<void>;
}

/** The call is over for the caller when it returns, and for the other tabs once they see what it has written. */
export async function inOneTab<Result>(
  name: string,
  storage: SessionStorage,
  call: () => Promise<Result>,
): Promise<Result> {
  const { locks } = (globalThis.navigator ?? {}) as { locks?: Locks };
  return new Promise((resolve, reject) => {
    const callAndSettle = async () => {
      await call().then(resolve, reject);
      await pause();
    };
    const turn = locks === undefined ? withLease(name, storage, callAndSettle) : withLock(locks, name, callAndSettle);
    turn.catch(reject);
  });
}

async function withLock(locks: Locks, name: string, call: () => Promise<void>): Promise<void> {
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    return call();
  };
  try {
    await locks.request(name, { signal: AbortSignal.timeout(waitMaxMs) }, begin);
  } catch (error) {
    // The holder takes too long. Without the lock, the server still gives two tabs the same tokens.
    if (!hasBegun) return call();
    throw error;
  }
}

async function withLease(name: string, storage: SessionStorage, call: () => Promise<void>): Promise<void> {
  const key = `${name}.lease`;
  // `crypto.randomUUID` exists on secure pages only.
  const id = Array.from(crypto.getRandomValues(new Uint32Array(4))).join('-');
  const holder = () => {
    const [heldBy, until] = storage.getItem(key)?.split(' ') ?? [];
    return Number(until) > Date.now() ? heldBy : undefined;
  };
  const deadline = Date.now() + waitMaxMs;
  while (holder() !== id && Date.now() < deadline) {
    if (holder() === undefined) storage.setItem(key, `${id} ${Date.now() + waitMaxMs}`);
    // The last of several writers has the lease.
    await pause();
  }
  try {
    await call();
  } finally {
    if (holder() === id) storage.removeItem(key);
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, settleMs));
