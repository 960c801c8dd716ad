/** The requests of a session: signing in and out, and renewing. */

/** On a connection that died silently, there would be no answer for minutes. */
const answerWithinMs = 8_000;
/**
 * A renewal whose answer is lost is repeated at once: its token gives the same successor for 30 s (`REFRESH_REUSE_S`), and ends the
 * session if it is used later. Three attempts fit into that time.
 */
const attemptsMax = 3;
const firstPauseMs = 500;

/** The part of a session that a client stores. */
export interface SessionFields {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly deviceId: string;
  readonly user: { readonly id: string; readonly username: string };
}

const fields = 'accessToken refreshToken deviceId user { id username }';

/** An error that the server answered. */
export class AskError extends Error {
  readonly code: string;
  readonly retryable: boolean;

  constructor(message: string, { code, retryable }: { code: string; retryable: boolean }) {
    super(message);
    this.code = code;
    this.retryable = retryable;
  }
}

interface SignInInput {
  readonly username: string;
  readonly password: string;
  readonly deviceName?: string;
}

export async function register(url: string, input: SignInInput & { readonly displayName?: string }) {
  const query = `mutation ($input: RegisterInput!) { register(input: $input) { session { ${fields} } } }`;
  const data = await ask<{ register: { session: SessionFields } }>(url, query, { input });
  return data.register.session;
}

export async function logIn(url: string, input: SignInInput & { readonly deviceId?: string }) {
  const query = `mutation ($input: LogInInput!) { logIn(input: $input) { session { ${fields} } } }`;
  const data = await ask<{ logIn: { session: SessionFields } }>(url, query, { input });
  return data.logIn.session;
}

export async function logOut(url: string, accessToken: string): Promise<void> {
  await ask(url, 'mutation { logOut { deviceId } }', {}, accessToken);
}

/** Exchanges a refresh token for the next tokens, in several attempts if there is no answer. */
export async function refresh(url: string, refreshToken: string): Promise<SessionFields> {
  const query = `mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { session { ${fields} } } }`;
  for (let attempt = 1; ; attempt += 1) {
    try {
      const input = { refreshToken };
      const data = await ask<{ refreshSession: { session: SessionFields } }>(url, query, { input });
      return data.refreshSession.session;
    } catch (error) {
      const isLost = !(error instanceof AskError) || error.code === 'UNAVAILABLE';
      if (!isLost || attempt === attemptsMax) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, firstPauseMs * 2 ** (attempt - 1)));
  }
}

async function ask<Data>(url: string, query: string, variables: object, token?: string): Promise<Data> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(answerWithinMs),
  });
  const { data, errors } = (await response.json()) as {
    data: Data;
    errors?: { message: string; extensions: { code: string; retryable: boolean } }[];
  };
  const [error] = errors ?? [];
  if (error !== undefined) throw new AskError(error.message, error.extensions);
  return data;
}
