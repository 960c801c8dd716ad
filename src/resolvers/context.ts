import type { Viewer } from '../domain/user.ts';
import type { Services } from '../services/services.ts';
import type { Loaders } from './loaders.ts';

/** What every resolver gets: made anew for each operation, and for each event of a subscription. */
export interface Context {
  /** Null without a session. */
  readonly viewer: Viewer | null;
  /** The client's network address, for limits and logs. */
  readonly address: string;
  readonly services: Services;
  readonly loaders: Loaders;
}
