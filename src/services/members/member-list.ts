/**
 * One conversation's members at one version. Lists are classes, since there are many: of all conversations that were used lately.
 *
 * - A direct conversation's members follow from the conversation.
 * - A small group's list holds every stay of its current members, and the stays of others that ended with or after `knownSince`.
 * - A large group's list holds no members: they are looked up by conversation and user.
 *
 * A list may contain changes that are newer than its version, never fewer than its version says.
 */
import { type Conversation, isActive, type Member } from '../../domain/conversation.ts';
import type { ConversationId, Seq, UserId } from '../../domain/ids.ts';
import type { ConversationState } from '../../stores/conversation-store.ts';

/** All stays of a user in one conversation, the latest last; empty for a user who was never a member. */
export type Stays = readonly Member[];

export interface MemberList {
  readonly conversation: Conversation;
  /** The users of a direct conversation; empty for groups. */
  readonly pair: readonly UserId[];
  /** The number of the last membership entry that this list contains; 0 in a direct conversation, whose members never change. */
  readonly version: Seq;
  readonly memberCount: number;
  /** Whether messages are fanned out on read, from number `modeSince` on. */
  readonly isLarge: boolean;
  readonly modeSince: Seq;
  /** May read the user's stays from the store. */
  stays(userId: UserId): Stays | Promise<Stays>;
  /** The stays that contain any message from `seq` on: those of the current members, and those that ended with or after `seq`. */
  since(seq: Seq): readonly Member[] | Promise<readonly Member[]>;
  /** The current members, for a list that is not large. */
  active(): readonly Member[];
}

/** Reads stays that a list does not hold. */
export interface StayReader {
  staysOf(list: ConversationList, userId: UserId): Stays | Promise<Stays>;
  since(id: ConversationId, seq: Seq): Promise<readonly Member[]>;
}

const nothing: readonly never[] = [];

/** The base of all lists. */
export abstract class ConversationList implements MemberList {
  readonly state: ConversationState;

  constructor(state: ConversationState) {
    this.state = state;
  }

  get conversation(): Conversation {
    return this.state.conversation;
  }
  get pair(): readonly UserId[] {
    return this.state.pair;
  }
  get version(): Seq {
    return this.state.version;
  }
  get memberCount(): number {
    return this.state.memberCount;
  }
  get isLarge(): boolean {
    return this.state.isLarge;
  }
  get modeSince(): Seq {
    return this.state.modeSince;
  }
  /** Number of stays in memory, as a measure of the list's memory. */
  get size(): number {
    return 1;
  }

  /** Whether the user has a stay in this list as it is in memory. */
  holds(_userId: UserId): boolean {
    return false;
  }

  abstract stays(userId: UserId): Stays | Promise<Stays>;
  abstract since(seq: Seq): readonly Member[] | Promise<readonly Member[]>;
  abstract active(): readonly Member[];
  /** The list after a change, or null when it must be read again. */
  abstract after(state: ConversationState, changed: ReadonlyMap<UserId, Stays>): ConversationList | null;
}

export class DirectList extends ConversationList {
  override holds(userId: UserId): boolean {
    return this.pair.includes(userId);
  }
  stays(userId: UserId): Stays {
    return this.pair.includes(userId) ? [this.member(userId)] : nothing;
  }
  since(): readonly Member[] {
    return this.active();
  }
  active(): readonly Member[] {
    return this.pair.map((userId) => this.member(userId));
  }
  after(): null {
    return null;
  }
  private member(userId: UserId): Member {
    return { conversationId: this.conversation.id, userId, role: 'MEMBER', joinedSeq: 0n, leftSeq: null };
  }
}

/** Ended stays that a list gathers before it drops them, as a multiple of its members. */
const endedMaxShare = 2;
const endedMin = 100;

export class SmallList extends ConversationList {
  private readonly byUser: ReadonlyMap<UserId, Stays>;
  private readonly activeMembers: readonly Member[];
  private readonly endedStays: readonly Member[];
  private readonly knownSince: Seq;
  private readonly reader: StayReader;

  /** @param byUser - every stay of the current members, and the stays of others that ended with or after `knownSince` */
  constructor(state: ConversationState, byUser: ReadonlyMap<UserId, Stays>, knownSince: Seq, reader: StayReader) {
    super(state);
    this.byUser = byUser;
    this.knownSince = knownSince;
    this.reader = reader;
    const active: Member[] = [];
    const ended: Member[] = [];
    for (const stays of byUser.values()) for (const stay of stays) (isActive(stay) ? active : ended).push(stay);
    this.activeMembers = active;
    this.endedStays = ended;
  }

  override get size(): number {
    return this.activeMembers.length + this.endedStays.length + 1;
  }
  override holds(userId: UserId): boolean {
    return this.byUser.has(userId);
  }
  stays(userId: UserId): Stays | Promise<Stays> {
    const known = this.byUser.get(userId);
    // Of a user who has left, stays that ended earlier may not be here.
    return known !== undefined && isActive(known.at(-1)) ? known : this.reader.staysOf(this, userId);
  }
  since(seq: Seq): readonly Member[] | Promise<readonly Member[]> {
    if (seq < this.knownSince) return this.reader.since(this.conversation.id, seq);
    if (this.endedStays.length === 0) return this.activeMembers;
    return [...this.activeMembers, ...this.endedStays.filter(({ leftSeq }) => leftSeq !== null && leftSeq >= seq)];
  }
  active(): readonly Member[] {
    return this.activeMembers;
  }
  after(state: ConversationState, changed: ReadonlyMap<UserId, Stays>): ConversationList | null {
    if (state.isLarge) return null;
    let byUser = new Map([...this.byUser, ...changed]);
    let { knownSince } = this;
    if (this.endedStays.length > Math.max(endedMin, endedMaxShare * state.memberCount)) {
      // Those that ended with this change are kept: its own fan-out asks for them next.
      knownSince = state.version;
      byUser = new Map([...byUser].filter(([, stays]) => (stays.at(-1)?.leftSeq ?? knownSince) >= knownSince));
    }
    return new SmallList(state, byUser, knownSince, this.reader);
  }
}

export class LargeList extends ConversationList {
  private readonly reader: StayReader;

  constructor(state: ConversationState, reader: StayReader) {
    super(state);
    this.reader = reader;
  }

  stays(userId: UserId): Stays | Promise<Stays> {
    return this.reader.staysOf(this, userId);
  }
  since(seq: Seq): Promise<readonly Member[]> {
    return this.reader.since(this.conversation.id, seq);
  }
  active(): never {
    throw new Error('the members of a large group are never read as a whole');
  }
  after(state: ConversationState): ConversationList | null {
    return state.isLarge ? new LargeList(state, this.reader) : null;
  }
}

/** Of these users, the current members. */
export function activeAmong(
  list: MemberList | null,
  userIds: readonly UserId[],
): ReadonlySet<UserId> | Promise<ReadonlySet<UserId>> {
  const stays = userIds.map((userId) => list?.stays(userId) ?? []);
  const select = (found: readonly Stays[]) => new Set(userIds.filter((_, index) => isActive(found[index]?.at(-1))));
  return stays.some((one) => one instanceof Promise)
    ? Promise.all(stays).then(select)
    : select(stays as readonly Stays[]);
}
