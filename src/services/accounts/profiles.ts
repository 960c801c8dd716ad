/** Public data of users: finding users by their names and keys, and changing one's own profile. */
import { badInput, DomainError } from '../../domain/errors.ts';
import { isId } from '../../domain/ids.ts';
import { searchWordsOf } from '../../domain/name-words.ts';
import type { User, Viewer } from '../../domain/user.ts';
import { checkWebAddress } from '../../domain/web-address.ts';
import type { RateLimit, RateLimiter } from '../../stores/rate-limiter.ts';
import type { FoundUser, UserPlace, UserStore } from '../../stores/user-store.ts';
import { checkPageSize } from '../paging.ts';
import { takeOrThrow } from '../rate-limits.ts';
import { checkName } from './names.ts';

/** A person who types a name causes one search per letter. */
export const searchLimit: RateLimit = { name: 'userSearches', points: 300, windowMs: 60_000 };
export const profileLimit: RateLimit = { name: 'profiles', points: 60, windowMs: 60_000 };

/** A name has few words; each further one costs another look into the index. */
const searchWordsMax = 5;
const searchMax = 256;

export interface ProfileSettings {
  /** Whether users can search for users by their names. */
  readonly userSearch: boolean;
  readonly pageSizeMax: number;
}

export interface ProfileInput {
  readonly displayName?: string | null;
  readonly avatarUrl?: string | null;
}

export interface UserPage {
  readonly found: readonly FoundUser[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
}

export function createProfiles(ports: {
  users: UserStore;
  rateLimiter: RateLimiter;
  /** Called with each user whose profile has changed. */
  onChanged: (user: User) => void;
  settings: ProfileSettings;
}) {
  const { users, rateLimiter, onChanged, settings } = ports;

  return {
    /** A user by a name of any case, or null. */
    findByUsername: (username: string): Promise<User | null> => users.findByUsername(username.slice(0, 64)),

    /** A user by the subject that an identity provider gave them, or null. */
    findByExternalId: (externalId: string): Promise<User | null> => users.findByExternalId(externalId.slice(0, 255)),

    /**
     * Users whose names have a word that begins with each word of the search.
     *
     * @throws DomainError `FORBIDDEN`: the operator has switched the search off
     * @throws DomainError `BAD_USER_INPUT`: the search has no letter or digit, or too many words; page size or cursor
     * @throws DomainError `RATE_LIMITED`
     */
    async search(viewer: Viewer, search: string, first: number, after: string | null): Promise<UserPage> {
      if (!settings.userSearch) throw new DomainError('FORBIDDEN', 'This server does not offer a search for users.');
      checkPageSize('first', first, settings.pageSizeMax);
      const words = search.length <= searchMax ? searchWordsOf(search) : [];
      if (words.length === 0 || words.length > searchWordsMax)
        throw badInput(
          'search',
          `search must have 1 to ${searchWordsMax} words of letters or digits, and at most ${searchMax} characters.`,
        );
      const place = after === null ? null : placeOf(after);
      await takeOrThrow(rateLimiter, searchLimit, viewer.userId);
      const found = await users.search(words, place, first + 1);
      return { found: found.slice(0, first), hasNextPage: found.length > first, hasPreviousPage: after !== null };
    },

    searchCursorOf: ({ word, user }: FoundUser): string =>
      Buffer.from(JSON.stringify(['v1', 's', word, user.id])).toString('base64url'),

    /**
     * Changes the viewer's profile. A field that is not given stays; a null avatar removes it.
     *
     * @throws DomainError `BAD_USER_INPUT`, `RATE_LIMITED`
     */
    async updateProfile({ userId }: Viewer, { displayName, avatarUrl }: ProfileInput): Promise<User> {
      const profile = {
        ...(displayName == null ? {} : { displayName: checkName('displayName', displayName) }),
        ...(avatarUrl === undefined
          ? {}
          : { avatarUrl: avatarUrl === null ? null : checkWebAddress('avatarUrl', avatarUrl) }),
      };
      await takeOrThrow(rateLimiter, profileLimit, userId);
      const user = await users.updateProfile(userId, profile);
      if (user === null) throw new DomainError('NOT_FOUND', 'User no longer exists.');
      onChanged(user);
      return user;
    },
  };
}

/** @throws DomainError `BAD_USER_INPUT`: not a cursor of a search */
function placeOf(cursor: string): UserPlace {
  try {
    const [version, list, word, userId] = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')) as unknown[];
    const isSound = version === 'v1' && list === 's' && typeof word === 'string' && typeof userId === 'string';
    if (isSound && word.isWellFormed() && isId(userId)) return { word, userId };
  } catch {
    // Not a cursor at all.
  }
  throw badInput('after', 'Cursor does not belong to this list.');
}
