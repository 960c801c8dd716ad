/**
 * Lets one tab at a time do something. Browsers have Web Locks for it, but only on pages that came over HTTPS or from the same
 * machine. On other pages a lease in the storage that the tabs share takes their place.
 */
import type { SessionStorage } from './stored-session.ts';

/** A tab that was frozen, or that crashed, may not stop the others for longer. */
const waitMaxMs = 30_000;
/** Time for another tab's write to become visible, and between two looks at a lease. */
const lookEveryMs = 50;

interface Locks {
  request<Result>(name: string, options: { signal: AbortSignal }, call: () => Promise<Result>): Promise<Result>;
}

export async function inOneTab<Result>(
  name: string,
  storage: SessionStorage,
  call: () => Promise<Result>,
): Promise<Result> {
  const { locks } = (globalThis.navigator ?? {}) as { locks?: Locks };
  return locks === undefined ? withLease(name, storage, call) : withLock(locks, name, call);
}

async function withLock<Result>(locks: Locks, name: string, call: () => Promise<Result>): Promise<Result> {
  let hasBegun = false;
  const begin = () => {
    hasBegun = true;
    return call();
  };
  try {
    return await locks.request(name, { signal: AbortSignal.timeout(waitMaxMs) }, begin);
  } catch (error) {
    // The holder takes too long. Without the lock, the server still gives two tabs the same tokens.
    if (!hasBegun) return call();
    throw error;
  }
}

async function withLease<Result>(name: string, storage: SessionStorage, call: () => Promise<Result>): Promise<Result> {
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
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
  try {
    return await call();
  } finally {
    if (holder() === id) storage.removeItem(key);
  }
}
