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
  /** Whether it answers with its keys. */
  isAway: boolean;
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const made: Keys[] = [];
  const latest = (): Keys => made.at(-1) as Keys;
  const server = createServer(async (_request, response) => {
    if (provider.isAway) {
      response.destroy();
      return;
    }
    const { publicKey, kid } = latest();
    response.end(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' }] }));
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
      return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
    },
    async rotate() {
      const keys = await generateKeyPair('ES256', { extractable: true });
      made.push({ ...keys, kid: `key-${made.length + 1}` });
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
