/** Users whose sessions outlive every setting of the clock, for tests of something else. */
import { decodeJwt, SignJWT } from 'jose';
import type { TestServer, TestUser } from './heliograph.ts';

/** The server must run with this `JWT_SECRET`. */
export const lastingSecret = 'a secret that outlives every clock';

export async function lastingUser(server: TestServer): Promise<TestUser> {
  const made = await server.user();
  const accessToken = await new SignJWT(decodeJwt(made.session.accessToken))
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setExpirationTime(Date.parse('2036-01-01T00:00:00.000Z') / 1000)
    .sign(new TextEncoder().encode(lastingSecret));
  made.session = { ...made.session, accessToken };
  return made;
}
