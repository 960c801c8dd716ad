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
