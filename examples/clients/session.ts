const answerWithinMs = 15_000;

/** One signed-in device. Sends requests over HTTP and renews its access token. */
export class Session {
  readonly url: string;
  readonly userId: string;
  accessToken: string;
  /** Whether the user must sign in again, because the session has expired or was revoked. */
  isOver = false;
  private refreshToken: string;
  private renewing: Promise<void> | null = null;

  constructor(url: string, fields: SessionFields) {
    this.url = url;
    this.userId = fields.user.id;
    this.accessToken = fields.accessToken;
    this.refreshToken = fields.refreshToken;
  }

  static async register(url: string, username: string, password: string): Promise<Session> {
    const { register } = await ask<{ register: { session: SessionFields } }>(
      url,
      'mutation ($input: RegisterInput!) { register(input: $input) { session { accessToken refreshToken user { id } } } }',
      { input: { username, password } },
    );
    return new Session(url, register.session);
  }

  /** A refresh token works once: all callers that need a new access token at the same time wait for the same one. */
  renew(): Promise<void> {
    this.renewing ??= this.askForNewToken().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  /** `fetch` with the access token. If the token is refused, it is renewed and the request repeated. */
  withToken(fetcher: typeof fetch): typeof fetch {
    return async (input, init) => {
      const send = (token: string) => {
        const headers = new Headers(init?.headers);
        headers.set('authorization', `Bearer ${token}`);
        return fetcher(input, { ...init, headers });
      };
      const token = this.accessToken;
      const answer = await send(token);
      if (!(await isTokenRefused(answer))) return answer;
      // Another request may have renewed it by now.
      if (this.accessToken === token) await this.renew().catch(() => {});
      return this.accessToken === token ? answer : send(this.accessToken);
    };
  }

  private async askForNewToken(): Promise<void> {
    try {
      const { refreshSession } = await ask<{ refreshSession: { session: Omit<SessionFields, 'user'> } }>(
        this.url,
        'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { accessToken refreshToken } } }',
        { input: { refreshToken: this.refreshToken } },
      );
      this.accessToken = refreshSession.session.accessToken;
      this.refreshToken = refreshSession.session.refreshToken;
    } catch (error) {
      // An unreachable server does not mean that the session has ended.
      this.isOver = error instanceof AskError && error.code === 'UNAUTHENTICATED';
      throw error;
    }
  }
}

interface SessionFields {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly user: { readonly id: string };
}

/** Whether nothing was carried out, because of the token. */
async function isTokenRefused(response: Response): Promise<boolean> {
  const answer = (await response
    .clone()
    .json()
    .catch(() => null)) as { data?: object | null; errors?: { extensions?: { code?: string } }[] } | null;
  return answer?.data == null && answer?.errors?.[0]?.extensions?.code === 'UNAUTHENTICATED';
}

class AskError extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

async function ask<Data>(url: string, query: string, variables: object): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables }),
    // On a connection that died silently, there would be no answer for minutes.
    signal: AbortSignal.timeout(answerWithinMs),
  });
  const { data, errors } = (await response.json()) as {
    data: Data;
    errors?: { message: string; extensions: { code: string } }[];
  };
  const [error] = errors ?? [];
  if (error !== undefined) throw new AskError(error.message, error.extensions.code);
  return data;
}
