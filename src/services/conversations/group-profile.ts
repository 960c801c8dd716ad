/** A group's title, description and picture: the rules for each, and the plan of a change. */
import type { Conversation, Member } from '../../domain/conversation.ts';
import { badInput, DomainError } from '../../domain/errors.ts';
import { checkLine, countCodePoints, isVisible } from '../../domain/line.ts';
import type { SystemEvent } from '../../domain/message.ts';
import { checkWebAddress } from '../../domain/web-address.ts';

export type GroupProfile = Pick<Conversation, 'title' | 'description' | 'avatarUrl'>;

export interface GroupProfileInput {
  readonly title?: string | null;
  readonly description?: string | null;
  readonly avatarUrl?: string | null;
}

const titleMax = 100;
const descriptionMax = 1_000;
/** A description may have line breaks and tabs, and no other controls. */
const excludedInDescription = /[^\P{Cc}\n\t]|\p{Bidi_Control}/u;

export const noProfile: GroupProfile = { title: null, description: null, avatarUrl: null };

/**
 * The profile of a new group.
 *
 * @throws DomainError `BAD_USER_INPUT`
 */
export function newProfile(input: GroupProfileInput & { readonly title: string }): GroupProfile {
  return {
    title: checkLine('title', input.title, titleMax),
    description: input.description == null ? null : checkDescription(input.description),
    avatarUrl: input.avatarUrl == null ? null : checkWebAddress('avatarUrl', input.avatarUrl),
  };
}

/**
 * The change from a group's profile to another one; null if nothing changes.
 *
 * @throws DomainError `FORBIDDEN`: only the owner and admins change it
 * @throws DomainError `BAD_USER_INPUT`
 */
export function planUpdate(known: GroupProfile, { role }: Member, input: GroupProfileInput): SystemEvent | null {
  if (role === 'MEMBER') throw new DomainError('FORBIDDEN', 'Only the owner and admins can change a group.');
  const { title, description, avatarUrl } = newProfile({
    title: input.title ?? known.title ?? '',
    description: input.description === undefined ? known.description : input.description,
    avatarUrl: input.avatarUrl === undefined ? known.avatarUrl : input.avatarUrl,
  });
  const changed = {
    ...(title === known.title || title === null ? {} : { title }),
    ...(description === known.description ? {} : { description }),
    ...(avatarUrl === known.avatarUrl ? {} : { avatarUrl }),
  };
  return Object.keys(changed).length === 0 ? null : { kind: 'GROUP_UPDATED', userIds: [], ...changed };
}

/** @returns null for a text without a visible character */
function checkDescription(text: string): string | null {
  const trimmed = text.trim();
  const isShort = trimmed.length <= 2 * descriptionMax && countCodePoints(trimmed) <= descriptionMax;
  if (!isShort || !trimmed.isWellFormed() || excludedInDescription.test(trimmed)) {
    throw badInput(
      'description',
      `description must have at most ${descriptionMax} characters, without controls other than line breaks.`,
    );
  }
  return isVisible(trimmed) ? trimmed : null;
}
