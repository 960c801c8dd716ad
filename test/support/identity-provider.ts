/** An identity provider: an address that publishes keys, and tokens signed with them. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export const issuer = 'https://idp.example';
export const audience = 'heliograph';

type Keys = Awaited<ReturnType<typeof generateKeyPair>> & { readonly kid: string };

export interface IdentityProvider extends AsyncDisposable {
  /** The settings that make a server take its tokens. */
  readonly env: Record<string, string>;
  /** Signs with the newest keys. */
  sign(claims?: JWTPayload): Promise<string>;
  /** Makes new keys and publishes only these. */
  rotate(): Promise<void>;
  /** Makes new keys and publishes them beside the others. */
  add(): Promise<void>;
  /** Whether it answers with its keys. */
  isAway: boolean;
}

/** @param hasKeyIds - whether keys and tokens name a key by `kid` */
export async function startIdentityProvider({ hasKeyIds = true } = {}): Promise<IdentityProvider> {
  let published: Keys[] = [];
  let made = 0;
  const latest = (): Keys => published.at(-1) as Keys;
  const server = createServer(async (_request, response) => {
    if (provider.isAway) {
      response.destroy();
      return;
    }
    const keys = published.map(async ({ publicKey, kid }) => ({
      ...(await exportJWK(publicKey)),
      ...(hasKeyIds ? { kid } : {}),
      alg: 'ES256',
      use: 'sig',
    }));
    response.end(JSON.stringify({ keys: await Promise.all(keys) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider: IdentityProvider = {
    isAway: false,
    env: {
      JWT_JWKS_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
      JWT_ISSUER: issuer,
      JWT_AUDIENCE: audience,
    },
    async sign(claims) {
      const { privateKey, kid } = latest();
      const now = Math.floor(Date.now() / 1000);
      const payload = { iss: issuer, aud: audience, iat: now, exp: now + 300, ...claims };
      const header = { alg: 'ES256', ...(hasKeyIds ? { kid } : {}) };
      return new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
    },
    async rotate() {
      published = [];
      await provider.add();
    },
    async add() {
      made += 1;
      published.push({ ...(await generateKeyPair('ES256', { extractable: true })), kid: `key-${made}` });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  await provider.rotate();
  return provider;
}
