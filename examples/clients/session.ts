/**
 * One signed-in device. It renews its access token for requests over HTTP and for sockets, and it survives a reload of the page and
 * several tabs, which share it through their storage.
 *
 * A session is in one of these states:
 * - signed in: the storage has its tokens, whichever tab renewed them last;
 * - over: the user has logged out, here or in another tab, or the server has ended it. The user must sign in again, as another `Session`.
 */
import { AskError, logIn, logOut, refresh, register, type SessionFields } from './account-requests.ts';
import {
  createMemoryStorage,
  readDeviceId,
  readSession,
  type SessionStorage,
  type StoredSession,
  sessionKey,
  writeSession,
} from './stored-session.ts';
import { inOneTab } from './tab-lock.ts';

/** The session has expired or was revoked, or the server does not renew sessions any more. */
const finalCodes = ['UNAUTHENTICATED', 'FORBIDDEN'];

export interface SignInOptions {
  /** In browsers `localStorage`. By default, the session ends with the program. */
  readonly storage?: SessionStorage;
  /** Shown to the user in their list of devices. */
  readonly deviceName?: string;
}

/** The part of a browser's page that is used. The event says that another tab has changed `localStorage`. */
interface Page {
  addEventListener?(type: 'storage', listener: () => void): void;
  removeEventListener?(type: 'storage', listener: () => void): void;
}

const page = globalThis as Page;

export class Session {
  readonly url: string;
  readonly userId: string;
  readonly username: string;
  /** Resolves when the session is over. */
  readonly whenOver: Promise<void>;
  private hasEnded = false;
  private resolveOver: () => void = () => {};
  private readonly storage: SessionStorage;
  /** The tokens that this tab knows; the storage may have newer ones. */
  private known: StoredSession;
  private renewing: Promise<string> | null = null;

  /** Of tokens that the program has already. `register`, `logIn` and `restore` get them. */
  constructor(url: string, fields: SessionFields, storage: SessionStorage = createMemoryStorage()) {
    this.url = url;
    this.userId = fields.user.id;
    this.username = fields.user.username;
    this.storage = storage;
    this.known = writeSession(storage, fields);
    this.whenOver = new Promise((resolve) => {
      this.resolveOver = resolve;
    });
    page.addEventListener?.('storage', this.look);
  }

  /** Creates a user. The error is `USERNAME_TAKEN` if the name is not free. */
  static async register(url: string, username: string, password: string, options: SignInOptions = {}) {
    const { storage, deviceName } = options;
    return new Session(url, await register(url, { username, password, deviceName }), storage);
  }

  /** Signs in on the device that the user had last in this storage, or else on a new one. */
  static async logIn(url: string, username: string, password: string, options: SignInOptions = {}) {
    const { storage = createMemoryStorage(), deviceName } = options;
    const input = { username, password, deviceName };
    const deviceId = readDeviceId(storage, username);
    const fields = await logIn(url, { ...input, deviceId }).catch((error: unknown) => {
      // The server forgets devices that were unused for long.
      if (deviceId === undefined || codeOf(error) !== 'NOT_FOUND') throw error;
      return logIn(url, input);
    });
    return new Session(url, fields, storage);
  }

  /** The session that an earlier page, or another tab, has left in the storage. */
  static restore(url: string, storage: SessionStorage): Session | null {
    const stored = readSession(storage);
    return stored === null ? null : new Session(url, stored, storage);
  }

  /** Whether the user must sign in again. */
  get isOver(): boolean {
    this.look();
    return this.hasEnded;
  }

  get deviceId(): string {
    return this.known.deviceId;
  }

  /** The latest access token, which may have expired. */
  get accessToken(): string {
    this.look();
    return this.known.accessToken;
  }

  /**
   * An access token for the next request, renewed if it expires soon.
   *
   * @param refused - a token that the server has refused, whatever this machine's clock says
   * @throws if that is the latest token, and the session is over (`isOver`) or the server cannot be reached
   */
  async token(refused: string | null = null): Promise<string> {
    const { accessToken } = this;
    if (accessToken === refused) return this.renew();
    const { renewAt } = this.known;
    if (this.hasEnded || renewAt === null || Date.now() < renewAt) return accessToken;
    // It still counts for a while, so a failure is the next caller's.
    return this.renew().catch(() => this.accessToken);
  }

  /** Gets a new access token. All callers at the same time, in all tabs, get the same one. */
  renew(): Promise<string> {
    this.renewing ??= this.renewInOneTab().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  /** `fetch` with the access token. If the server refuses the token, it is renewed and the request repeated once. */
  withToken(fetcher: typeof fetch): typeof fetch {
    return async (input, init) => {
      const send = (token: string) => {
        const headers = new Headers(init?.headers);
        headers.set('authorization', `Bearer ${token}`);
        return fetcher(input, { ...init, headers });
      };
      const token = await this.token();
      const answer = await send(token);
      if (!(await isTokenRefused(answer))) return answer;
      const next = await this.token(token).catch(() => token);
      return next === token ? answer : send(next);
    };
  }

  /** Signs the device out, in all tabs. If the server cannot be reached, its session stays until it expires, and the promise rejects. */
  async logOut(): Promise<void> {
    await this.inOneTab(async () => {
      if (this.isOver) return;
      const send = () => logOut(this.url, this.known.accessToken);
      try {
        await send().catch(async (error: unknown) => {
          if (!isFinal(error)) throw error;
          await this.exchange();
          await send();
        });
      } catch (error) {
        if (!isFinal(error)) throw error;
      } finally {
        this.end();
      }
    });
  }

  private inOneTab<Result>(call: () => Promise<Result>): Promise<Result> {
    return inOneTab(`${sessionKey}.${this.deviceId}`, this.storage, call);
  }

  private renewInOneTab(): Promise<string> {
    const { accessToken } = this;
    return this.inOneTab(async () => {
      await this.storage.sync?.();
      // Another tab may have renewed it by now.
      if (!this.isOver && this.accessToken === accessToken) await this.exchange();
      if (this.hasEnded) throw over();
      return this.accessToken;
    });
  }

  private async exchange(): Promise<void> {
    const { refreshToken } = this.known;
    try {
      const fields = await refresh(this.url, refreshToken);
      // In the meantime another user may have signed in. Or this tab was frozen, and another one has renewed further without the lock:
      // the tokens of this answer are then old, and the server ends a session whose old tokens are used.
      if (!this.isOver && this.known.refreshToken === refreshToken) this.known = writeSession(this.storage, fields);
    } catch (error) {
      if (!isFinal(error)) throw error;
      // A tab without the lock may have been faster.
      if (this.isOver || this.known.refreshToken !== refreshToken) return;
      this.end();
      throw error;
    }
  }

  /** Takes note of what other tabs have stored. */
  private readonly look = (): void => {
    if (this.hasEnded) return;
    const stored = readSession(this.storage);
    if (stored?.user.id === this.userId) this.known = stored;
    else this.end();
  };

  private end(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    page.removeEventListener?.('storage', this.look);
    if (readSession(this.storage)?.user.id === this.userId) this.storage.removeItem(sessionKey);
    this.resolveOver();
  }
}

const codeOf = (error: unknown) => (error instanceof AskError ? error.code : null);

const isFinal = (error: unknown) => finalCodes.includes(codeOf(error) ?? '');

const over = () => new AskError('The session is over: sign in again.', { code: 'UNAUTHENTICATED', retryable: false });

/** Whether nothing was carried out, because of the token. */
async function isTokenRefused(response: Response): Promise<boolean> {
  if (!response.headers.get('content-type')?.includes('json')) return false;
  const answer: unknown = await response
    .clone()
    .json()
    .catch(() => null);
  // A batch has an answer for each of its requests.
  const [first] = [answer].flat() as ({ data?: object | null; errors?: { extensions?: { code?: string } }[] } | null)[];
  return first?.data == null && first?.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED';
}
