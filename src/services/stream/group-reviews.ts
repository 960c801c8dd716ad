/**
 * The large groups that one stream follows live: the user's current groups, as determined by reviews.
 *
 * Reviews run one after the other: at opening, after hints of membership changes, and with each periodic check. A review subscribes to
 * new groups, and unfollows groups that the user has left or is leaving, or that have shrunk. Then it assigns inbox numbers to the
 * messages of new groups and to the `owed` messages of unfollowed ones, and makes the stream read the inbox.
 *
 * Invariants: after a group is unfollowed, its last messages stay pending (`owed`) until they have inbox numbers, even if that takes
 * several attempts. A stream that has never followed a group has no Map, which is the usual case.
 */
import { type Conversation, isActive, type Member } from '../../domain/conversation.ts';
import type { ConversationId, Seq } from '../../domain/ids.ts';
import { topics } from '../../pubsub/topics.ts';
import { emptyHead } from '../log/conversation-log.ts';
import { FollowedGroup, type FollowingStream } from './followed-group.ts';

export class GroupReviews {
  private readonly stream: FollowingStream;
  /** Includes groups that were followed before; see FollowedGroup. */
  private byId: Map<ConversationId, FollowedGroup> | null = null;
  /** Unfollowed groups whose last messages may not have inbox numbers yet. */
  private owed: Map<ConversationId, Conversation> | null = null;
  /** The last review asked for, until it is over. */
  private reviewing: Promise<void> | null = null;

  constructor(stream: FollowingStream) {
    this.stream = stream;
  }

  /** Follows the user's groups. Afterwards their existing messages have inbox numbers. */
  async open(): Promise<void> {
    // A hint may have started a review already: two at once would follow a group twice.
    const opening = (this.reviewing ?? Promise.resolve()).then(() => this.review('opening'));
    this.reviewing = opening;
    await opening;
    if (this.reviewing === opening) this.reviewing = null;
  }

  close(): void {
    for (const group of this.byId?.values() ?? []) group.letGo();
    this.byId = null;
  }

  get(id: ConversationId): FollowedGroup | undefined {
    return this.byId?.get(id);
  }

  /** Called when the stream has read its inbox to the end: live messages may follow. */
  onInboxRead(): void {
    for (const group of this.byId?.values() ?? []) group.onInboxRead();
  }

  /** Checks for lost hints of messages and of membership changes. */
  check(): void {
    for (const group of this.byId?.values() ?? []) void group.read();
    // The next check makes up for a failed one.
    this.queueReview('check', (error) => this.stream.ports.onError(error, 'stream groups'));
  }

  reviewSoon(): void {
    const { stream } = this;
    if (stream.isClosed()) return;
    this.queueReview('told', (error) => {
      stream.ports.onError(error, 'stream groups');
      if (!stream.isClosed()) setTimeout(() => this.reviewSoon(), stream.settings.retryAfterMs).unref();
    });
  }

  /** Reviews the groups after earlier reviews have ended. */
  private queueReview(reason: 'told' | 'check', onFailure: (error: unknown) => void): void {
    const own: Promise<void> = (this.reviewing ?? Promise.resolve())
      .then(() => this.review(reason))
      .catch(onFailure)
      .finally(() => {
        if (this.reviewing === own) this.reviewing = null;
      });
    this.reviewing = own;
  }

  /** Follows exactly the large groups that the user is in now. Their existing messages get inbox numbers first. */
  private async review(reason: 'opening' | 'told' | 'check'): Promise<void> {
    const { stream } = this;
    const { inbox, log, memberLists } = stream.ports;
    const { userId } = stream.viewer;
    if (reason !== 'check') memberLists.doubtMemberships(userId);
    const memberships = await memberLists.onReadOf(userId);
    const active: { conversation: Conversation; member: Member }[] = [];
    for (const member of memberships) {
      if (!isActive(member)) continue;
      const memberList = await memberLists.get(member.conversationId);
      if (memberList?.isLarge === true) active.push({ conversation: memberList.conversation, member });
    }
    if (stream.isClosed()) return;
    const followed = new Set(active.map(({ conversation }) => conversation.id));
    for (const [id, group] of this.byId ?? []) {
      if (!followed.has(id)) this.letGo(group);
    }
    for (const { conversation, member } of active) {
      const group = this.groupOf(conversation, member);
      if (!group.isFollowed && !(await this.follow(group))) return;
    }
    const added = [...(this.byId?.values() ?? [])].filter(({ isEntering }) => isEntering);
    // The heads are read before the sync, so that afterwards all messages up to them have inbox numbers and come from the inbox.
    const heads = added.length === 0 ? [] : await log.heads(added.map(({ conversation }) => conversation));
    for (const [index, group] of added.entries()) {
      const { seq, membershipSeq } = heads[index] ?? emptyHead;
      // From a verified start on, the stream sees each change of members, since it shows messages without a gap.
      if (await this.isMemberAt(group, membershipSeq)) group.startAfter(seq);
      else this.letGo(group);
    }
    if (stream.isClosed()) return;
    const owed = [...(this.owed?.values() ?? [])];
    const changed = [...added.map(({ conversation }) => conversation), ...owed];
    // Some are not followed when the user has left a group, or it became small, and not all of it has inbox numbers yet.
    const isDue = changed.length > 0 || memberships.length > active.length || reason !== 'check';
    // Named, because a sync skips groups that are small by now, and nothing else adds their messages up to `base`, or the last
    // messages of a group that is no longer followed, in time.
    if (isDue) await inbox.enterAll(userId, changed);
    for (const { id } of owed) this.owed?.delete(id);
    for (const group of added) if (group.isFollowed) group.onEntered();
    if (isDue && reason !== 'opening') stream.readSoon();
  }

  /** Whether the user is a member according to a list at a version or later. */
  async isMemberAt({ conversation }: FollowedGroup, version: Seq): Promise<boolean> {
    const { memberLists } = this.stream.ports;
    const memberList = await memberLists.at(conversation.id, version);
    return isActive((await memberList?.stays(this.stream.viewer.userId))?.at(-1));
  }

  /** The group as it is known, or a new one. */
  private groupOf(conversation: Conversation, { joinedSeq }: Member): FollowedGroup {
    const known = this.byId?.get(conversation.id);
    if (known === undefined) return new FollowedGroup(this.stream, conversation);
    known.onStay(joinedSeq);
    return known;
  }

  /** @returns false if the stream was closed in the meantime */
  private async follow(group: FollowedGroup): Promise<boolean> {
    const { id } = group.conversation;
    const stop = await this.stream.ports.bus.subscribe(topics.conversation(id), (hint) => group.onHint(hint));
    if (this.stream.isClosed()) {
      stop();
      return false;
    }
    // In the same turn as the check of the stream, so that a stream that closes from now on finds the group.
    group.follow(stop);
    this.byId ??= new Map();
    this.byId.set(id, group);
    return true;
  }

  /** Unfollows a group. Its last messages come from the inbox once they have inbox numbers. */
  private letGo(group: FollowedGroup): void {
    if (!group.isFollowed) return;
    group.letGo();
    this.owed ??= new Map();
    this.owed.set(group.conversation.id, group.conversation);
  }
}
