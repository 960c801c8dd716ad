/**
 * Which large groups one stream follows live: those its user is in now, as reviews find them.
 *
 * Reviews come one after the other: at opening, when memberships are said to have changed (`told`), and with each periodic
 * check. A review subscribes to groups that are new and lets go of those the user has left, is leaving, or that have shrunk.
 * Then it gives inbox numbers to what the new ones hold, and to what is `owed` of the others, and has the inbox read.
 *
 * Invariants: a group's last messages are owed from the moment it is let go of until they have inbox numbers, however often
 * that is put off. A stream that follows no group, and never has, keeps no Map here: most do not.
 */
import { type Conversation, isActive } from '../../domain/conversation.ts';
import type { ConversationId, Seq } from '../../domain/ids.ts';
import { topics } from '../../pubsub/topics.ts';
import type { MemberList } from '../members/member-lists.ts';
import { FollowedGroup, type FollowingStream } from './followed-group.ts';

export class GroupReviews {
  readonly stream: FollowingStream;
  /** Also those followed before: see FollowedGroup. */
  byId: Map<ConversationId, FollowedGroup> | null = null;
  /** Groups that are not followed any more and whose last messages may not have inbox numbers yet. */
  owed: Map<ConversationId, Conversation> | null = null;
  /** The sum of the last messages that the user may see of groups they left. */
  leftTotal: Seq = 0n;
  /** The last review asked for, until it is over. */
  reviewing: Promise<void> | null = null;

  constructor(stream: FollowingStream) {
    this.stream = stream;
  }

  /** Follows the groups the user is in; what they hold has inbox numbers afterwards. */
  async open(): Promise<void> {
    const opening = this.review('opening');
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

  /** The stream has read its inbox to the end: live messages may follow. */
  onInboxRead(): void {
    for (const group of this.byId?.values() ?? []) group.onInboxRead();
  }

  /** Looks whether hints were lost: those of messages, and those of a change of membership. */
  check(): void {
    for (const group of this.byId?.values() ?? []) void group.read();
    // One that fails is made good by the next check.
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

  /** Reviews the groups once earlier reviews are over. */
  queueReview(reason: 'told' | 'check', onFailure: (error: unknown) => void): void {
    const own: Promise<void> = (this.reviewing ?? Promise.resolve())
      .then(() => this.review(reason))
      .catch(onFailure)
      .finally(() => {
        if (this.reviewing === own) this.reviewing = null;
      });
    this.reviewing = own;
  }

  /** Follows the large groups the user is in now, and no others. What they hold up to now gets its inbox numbers first. */
  async review(reason: 'opening' | 'told' | 'check'): Promise<void> {
    const { stream } = this;
    const { inbox, log, memberLists } = stream.ports;
    const { userId } = stream.viewer;
    const wanted = await inbox.largeLists(userId);
    if (stream.isClosed()) return;
    // Who is leaving gets the rest from the inbox, once it is settled what that is.
    const active = wanted.filter(
      ({ conversation, members }) => isActive(members.get(userId)) && !memberLists.isLeaving(conversation.id, userId),
    );
    const followed = new Set(active.map(({ conversation }) => conversation.id));
    for (const [id, group] of this.byId ?? []) {
      if (!followed.has(id)) this.letGo(group);
    }
    for (const memberList of active) {
      const group = this.groupOf(memberList);
      if (!group.isFollowed && !(await this.follow(group))) return;
    }
    const added = [...(this.byId?.values() ?? [])].filter(({ isEntering }) => isEntering);
    // The heads are read before the sync, so that all up to them has an inbox number afterwards and comes from there.
    const heads = added.length === 0 ? [] : await log.heads(added.map(({ conversation }) => conversation));
    added.forEach((group, index) => {
      group.startAfter(heads[index]?.seq ?? 0n);
    });
    const owed = [...(this.owed?.values() ?? [])];
    const changed = [...added.map(({ conversation }) => conversation), ...owed];
    // It differs when the user has left a group that this stream has never heard of.
    const leftTotal = wanted.reduce((sum, { members }) => sum + (members.get(userId)?.leftSeq ?? 0n), 0n);
    const isDue = changed.length > 0 || leftTotal !== this.leftTotal || reason !== 'check';
    // Named, so that a group that is small by now is entered all the same: nothing else brings what lies before `base` in time,
    // or the last messages of a group that is not followed any more.
    const putOff = isDue ? await inbox.enterAll(userId, changed) : new Set<ConversationId>();
    for (const { id } of owed) if (!putOff.has(id)) this.owed?.delete(id);
    for (const group of added) {
      if (putOff.has(group.conversation.id)) this.letGo(group);
      else group.onEntered();
    }
    if (putOff.size === 0) this.leftTotal = leftTotal;
    if (isDue && reason !== 'opening') stream.readSoon();
  }

  /** The group as it is known, or a new one. */
  groupOf({ conversation, members }: MemberList): FollowedGroup {
    const known = this.byId?.get(conversation.id);
    if (known === undefined) return new FollowedGroup(this.stream, conversation);
    const joinedSeq = members.get(this.stream.viewer.userId)?.joinedSeq ?? 0n;
    known.onStay(joinedSeq);
    return known;
  }

  /** @returns false when the stream was closed meanwhile */
  async follow(group: FollowedGroup): Promise<boolean> {
    const { id } = group.conversation;
    const stop = await this.stream.ports.bus.subscribe(topics.conversation(id), (hint) => group.onHint(hint));
    if (this.stream.isClosed()) {
      stop();
      return false;
    }
    // In one step with the look at the stream: one that closes from now on finds the group here.
    group.follow(stop);
    this.byId ??= new Map();
    this.byId.set(id, group);
    return true;
  }

  /** What the group's last messages were comes from the inbox, once they have their numbers there. */
  letGo(group: FollowedGroup): void {
    if (!group.isFollowed) return;
    group.letGo();
    this.owed ??= new Map();
    this.owed.set(group.conversation.id, group.conversation);
  }
}
