/**
 * A world of several instances over one store, in which a seeded random number decides everything: when a call reaches the store,
 * when and whether its answer arrives, the time of each clock, and the crashes.
 */
import type { Conversation } from '../../src/domain/conversation.ts';
import { userKey } from '../../src/domain/entry-key.ts';
import { DomainError } from '../../src/domain/errors.ts';
import type { Draft, Message } from '../../src/domain/message.ts';
import { createSnowflakes } from '../../src/domain/snowflake.ts';
import type { TrustedClock } from '../../src/domain/trusted-clock.ts';
import { createInboxWriter } from '../../src/services/inbox/inbox-writer.ts';
import { createConversationLog } from '../../src/services/log/conversation-log.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import type { MessageStore } from '../../src/stores/message-store.ts';
import { everybody } from '../support/everybody.ts';

/** mulberry32: small, and the same everywhere. */
export function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

/** A fault injected into the store or its answers. The checks must detect each one. */
export interface Mutant {
  readonly name: string;
  wrap(store: MessageStore, random: () => number): MessageStore;
}

export interface Answered {
  readonly draft: Draft;
  readonly message: Message;
  /** Steps of the world's clock at which the send began and was answered. */
  readonly beganAt: number;
  readonly answeredAt: number;
}

interface Step {
  run(): void;
  readonly owner: Instance;
}

interface Instance {
  readonly log: ReturnType<typeof createConversationLog>;
  readonly writer: ReturnType<typeof createInboxWriter>;
  clockMs: number;
  isDead: boolean;
}

export const members = ['101', '102', '103'] as const;
/** The third joins late and sees nothing before. */
export const lateJoinedSeq = 2n;

const texts = { title: 'm', description: null, avatarUrl: null };
export const conversation: Conversation = { id: '1', kind: 'GROUP', ...texts, createdAt: 0, firstMonth: '2026-01' };
const start = Date.UTC(2026, 0, 31, 23, 0);
const hour = 3_600_000;

/** Follows each step of a clock: the log must keep its numbers, months and keys right wherever the clocks of its writers are. */
function unboundedClock(clock: () => number): TrustedClock {
  return { now: clock, latest: () => Number.POSITIVE_INFINITY, isTrusted: () => false };
}

export class World {
  readonly random: () => number;
  /** The store itself, without faults, for the checks. */
  readonly truth = createMemoryMessageStore();
  readonly answered: Answered[] = [];
  readonly history: string[] = [];
  private readonly store: MessageStore;
  private steps: Step[] = [];
  private readonly instances: Instance[] = [];
  private readonly drafts: { clientMessageId: string; senderId: string; text: string }[] = [];
  private time = 0;
  private worker = 0;

  constructor(seed: number, mutant: Mutant | null) {
    this.random = createRandom(seed);
    this.store = mutant === null ? this.truth : mutant.wrap(this.truth, this.random);
    for (let index = 0; index < 2; index += 1) this.instances.push(this.createInstance(start));
  }

  private pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)] as T;
  }

  private createInstance(clockMs: number): Instance {
    const worker = this.worker++ % 1024;
    const instance = { clockMs, isDead: false } as Instance;
    const clock = () => instance.clockMs;
    const snowflakes = createSnowflakes(clock, () => worker);
    const through = <Port extends object>(name: string, port: Port) => this.between(instance, name, port);
    const writer = createInboxWriter({
      inboxes: through('inboxes', this.store.inboxes),
      isSoleWriter: false,
      onEntered: () => {},
      settings: { attemptsMax: 1_000, guessesMax: 50 },
    });
    const log = createConversationLog({
      log: through('log', this.store.messageLog),
      clock: unboundedClock(clock),
      elapsed: () => this.time,
      membership: everybody,
      newId: snowflakes.next,
      isSoleWriter: false,
      onError: (error, what) => this.history.push(`${what}: ${String(error)}`),
      settings: { attemptsMax: 1_000, chainsMax: 10 },
    });
    log.follow({ note: (messages) => this.fanOut(writer, messages.at(-1)?.seq ?? 0n) });
    return Object.assign(instance, { log, writer, newId: snowflakes.next });
  }

  /** Fan-out on write. A failure is left to the sweep. */
  private fanOut(writer: Instance['writer'], upTo: bigint): void {
    const entries = members.map((userId, index) => ({
      userId,
      conversationId: conversation.id,
      joinedSeq: index === 2 ? lateJoinedSeq : 0n,
      upTo,
    }));
    writer.enter(entries.filter((entry) => entry.upTo > entry.joinedSeq)).catch(() => {});
  }

  /** Puts the world's choices between an instance and the store. */
  private between<Port extends object>(owner: Instance, name: string, port: Port): Port {
    return new Proxy(port, {
      get: (target, method) => {
        const call = Reflect.get(target, method) as (...args: unknown[]) => Promise<unknown>;
        return (...args: unknown[]) =>
          new Promise((resolve, reject) => {
            const answer = (settle: () => void) => this.steps.push({ owner, run: settle });
            this.steps.push({
              owner,
              run: () => {
                const fate = this.random();
                const lost = () => reject(new DomainError('UNAVAILABLE', 'lost'));
                if (fate < 0.02) {
                  this.history.push(`${name}.${String(method)} never reaches the store`);
                  answer(lost);
                  return;
                }
                void call.apply(target, args).then(
                  (value) => answer(fate < 0.04 ? lost : () => resolve(value)),
                  (error: unknown) => answer(() => reject(error)),
                );
              },
            });
          });
      },
    });
  }

  private send(): void {
    const instance = this.pick(this.instances);
    const isResend = this.drafts.length > 0 && this.random() < 0.35;
    const senderId = this.pick(members);
    const known = isResend
      ? this.pick(this.drafts)
      : { clientMessageId: `c${this.drafts.length}`, senderId, text: `t${this.drafts.length}` };
    if (!isResend) this.drafts.push(known);
    const { newId } = instance as Instance & { newId: () => string };
    const draft: Draft = {
      id: newId(),
      conversationId: conversation.id,
      kind: 'USER',
      senderId: known.senderId,
      key: userKey(known.senderId, known.clientMessageId),
      body: { text: known.text },
    };
    const beganAt = this.time;
    this.history.push(
      `${beganAt}: instance ${this.instances.indexOf(instance)} sends ${known.clientMessageId} at ${new Date(instance.clockMs).toISOString()}`,
    );
    instance.log.append(conversation, draft).then(
      ({ message }) => {
        // A crashed instance answers nobody.
        if (!instance.isDead) this.answered.push({ draft, message, beganAt, answeredAt: this.time });
      },
      (error: unknown) => this.history.push(`${this.time}: ${known.clientMessageId} fails: ${String(error)}`),
    );
  }

  private moveClock(): void {
    const instance = this.pick(this.instances);
    const jump = this.random();
    if (jump < 0.6) instance.clockMs += this.random() * hour;
    else if (jump < 0.8) instance.clockMs += 31 * 24 * hour;
    else instance.clockMs -= this.random() * 40 * 24 * hour;
    instance.clockMs = Math.max(Math.round(instance.clockMs), Date.UTC(2026, 0, 1));
  }

  private crash(): void {
    const index = Math.floor(this.random() * this.instances.length);
    const old = this.instances[index] as Instance;
    old.isDead = true;
    // Calls on their way may still reach the store, or may not; their answers reach nobody.
    this.steps = this.steps.filter((step) => step.owner !== old || this.random() < 0.5);
    this.instances[index] = this.createInstance(old.clockMs);
    this.history.push(`${this.time}: instance ${index} crashes`);
  }

  private async step(): Promise<void> {
    this.time += 1;
    const index = Math.floor(this.random() * this.steps.length);
    const [step] = this.steps.splice(index, 1);
    if (step !== undefined && !(step.owner.isDead && this.random() < 0.5)) step.run();
    // Lets everything that follows from it happen, up to the next call to the store.
    await new Promise(setImmediate);
    await new Promise(setImmediate);
  }

  /** Plays `sends` sends among everything else, then lets all of it come to an end, with a last sweep. */
  async play(sends: number): Promise<void> {
    let left = sends;
    while (left > 0 || this.steps.length > 0) {
      const choice = this.random();
      if (left > 0 && (choice < 0.12 || this.steps.length === 0)) {
        left -= 1;
        this.send();
        if (this.steps.length === 0) await new Promise(setImmediate);
      } else if (left > 0 && choice < 0.16) this.moveClock();
      else if (left > 0 && choice < 0.18) this.crash();
      else await this.step();
      if (this.time > 20_000) throw new Error('the world does not come to rest');
    }
    await this.sweep();
  }

  private async sweep(): Promise<void> {
    const writer = createInboxWriter({
      inboxes: this.store.inboxes,
      isSoleWriter: false,
      onEntered: () => {},
      settings: { guessesMax: 50 },
    });
    const log = createConversationLog({
      log: this.truth.messageLog,
      clock: unboundedClock(() => start),
      elapsed: () => 0,
      membership: everybody,
      newId: () => '1',
      isSoleWriter: false,
      onError: () => {},
    });
    const [head] = await log.heads([conversation]);
    if (head === undefined || head.seq === 0n) return;
    const entries = members.map((userId, index) => ({
      userId,
      conversationId: conversation.id,
      joinedSeq: index === 2 ? lateJoinedSeq : 0n,
      upTo: head.seq,
    }));
    await writer.enter(entries.filter((entry) => entry.upTo > entry.joinedSeq));
  }
}
