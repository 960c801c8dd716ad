/**
 * The catalogue of the kinds of log entries: for each kind, the properties that the stores, the log and its readers depend on.
 * Seals are not entries: they take no number and reach no reader. They share only the space of stored codes.
 */
import type { UserId } from './ids.ts';
import { isDeparture, type MessageBody } from './message.ts';

export interface EntryKindRules {
  /** Stands for the kind in every store. Never reused: stored entries keep it. */
  readonly code: number;
  /** Whether it counts as unread until the reader has reached it: it raises the `ordinal`. */
  readonly isCountable: boolean;
  /** Whether every viewer is shown the same, so that it is rendered once for all of them. */
  readonly isSameForAll: boolean;
  /** Whether the conversation's members may differ from this entry on. */
  readonly changesMembers: boolean;
  /** The members who do not see any later entry. */
  removedMembers(body: MessageBody): readonly UserId[];
}

const nobody: readonly UserId[] = [];

const catalogue = {
  /** Written by a user. */
  USER: {
    code: 0,
    isCountable: true,
    isSameForAll: true,
    changesMembers: false,
    removedMembers: () => nobody,
  },
  /** Written by the server about the conversation: its body has a `systemEvent`. */
  SYSTEM: {
    code: 1,
    isCountable: false,
    isSameForAll: true,
    changesMembers: true,
    removedMembers: ({ systemEvent }) =>
      systemEvent !== undefined && isDeparture(systemEvent) ? systemEvent.userIds : nobody,
  },
} satisfies Record<string, EntryKindRules>;

export type EntryKind = keyof typeof catalogue;
export const entryKinds: Readonly<Record<EntryKind, EntryKindRules>> = catalogue;

/** The stored code of a seal. Lower and higher codes are kinds of entries. */
export const sealCode = 2;

/** @throws Error: no kind has this code */
export function kindOfCode(code: number): EntryKind {
  for (const kind in entryKinds) if (entryKinds[kind as EntryKind].code === code) return kind as EntryKind;
  throw new Error(`${code} is not the code of a kind of log entries`);
}
