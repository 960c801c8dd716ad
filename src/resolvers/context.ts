import type { ByteBudget } from '../domain/byte-budget.ts';
import type { ClientAddress } from '../domain/client-address.ts';
import { DomainError } from '../domain/errors.ts';
import type { Viewer } from '../domain/user.ts';
import type { Services } from '../services/services.ts';
import { Loaders } from './loaders.ts';

/** The context of every resolver. A new one is created for each operation, and for each event of a subscription. */
export interface Context {
  /** Null without a session. */
  readonly viewer: Viewer | null;
  readonly client: ClientAddress;
  /** Counts the bytes that the operation reads and answers. */
  readonly budget: ByteBudget;
  readonly services: Services;
  readonly loaders: Loaders;
}

export function createContext(
  services: Services,
  { viewer, client, budget }: { viewer: Viewer | null; client: ClientAddress; budget: ByteBudget },
): Context {
  return { viewer, client, budget, services, loaders: new Loaders(services, viewer, budget) };
}

/** Root fields that need no session. A client that signs in may still send the token of an expired or revoked session. */
export const sessionlessFields: ReadonlySet<string> = new Set(['server', 'register', 'logIn', 'refreshSession']);

/** @throws DomainError `UNAUTHENTICATED` without a session */
export function requireViewer({ viewer }: Context): Viewer {
  if (viewer === null) throw new DomainError('UNAUTHENTICATED', 'Log in to use this field.');
  return viewer;
}
