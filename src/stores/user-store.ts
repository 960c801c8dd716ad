import type { Millis, UserId } from '../domain/ids.ts';
import type { NewUser, User } from '../domain/user.ts';

/**
 * Users and their credentials.
 * Every method rejects with DomainError `UNAVAILABLE` (retryable) when the store does not answer within its deadline.
 */
export interface UserStore {
  /**
   * Adds a user. `passwordHash` is null for users of an external identity provider, who are identified by `externalSubject`
   * (issuer and subject) instead.
   *
   * @throws DomainError `USERNAME_TAKEN`: another user has the username; upper and lower case are equal
   * @returns the user; for an existing `externalSubject`, its user
   */
  create(user: NewUser, login: { passwordHash: string | null; externalSubject: string | null }): Promise<User>;
  /** Users by id, in the order of the ids. */
  get(ids: readonly UserId[]): Promise<(User | null)[]>;
  findByUsername(username: string): Promise<User | null>;
  findAccount(by: AccountKey): Promise<Account | null>;
  /** The user with a subject, of whatever issuer; null if there is none, or one of each of several issuers. */
  findByExternalId(externalId: string): Promise<User | null>;
  /**
   * Changes a user's profile; what is undefined stays.
   *
   * @returns the user, or null if there is none
   */
  updateProfile(id: UserId, profile: { displayName?: string; avatarUrl?: string | null }): Promise<User | null>;
  /**
   * Users whose names have, for each of the words, a word that begins with it. Ordered by the word that begins with the first one,
   * compared by code points, then by id as a number. Enabled or not.
   *
   * @param words - from `searchWordsOf`, at least one
   * @param after - the place of the last user of the page before
   */
  search(words: readonly string[], after: UserPlace | null, limit: number): Promise<FoundUser[]>;
  /**
   * Replaces a password's hash, if it is still `from`.
   *
   * @returns whether it was replaced
   */
  changePasswordHash(id: UserId, from: string, to: string): Promise<boolean>;
}

/** A user's place among the results of a search. */
export interface UserPlace {
  readonly word: string;
  readonly userId: UserId;
}

export interface FoundUser {
  readonly user: User;
  /** The first of the user's words that begins with the first word of the search. */
  readonly word: string;
}

/** One way to name an account. */
export type AccountKey =
  | { readonly username: string }
  | { readonly id: UserId }
  /** Issuer and subject of an identity provider. */
  | { readonly externalSubject: string };

/** A user with the data that decides whether they may sign in. */
export interface Account {
  readonly user: User;
  /** Null for users of an identity provider. */
  readonly passwordHash: string | null;
  /** If the password is a reset secret: until when it may be used to log in. Null for a password of the user's own choice. */
  readonly resetExpiresAt: Millis | null;
  /** Time when the account was disabled; null while it is enabled. */
  readonly disabledAt: Millis | null;
  /** On a device that is not known, an identity provider's token is accepted only if it was made after this time. Null: no limit. */
  readonly signedOutAt: Millis | null;
}
