/**
 * Servers, senders and devices over one set of stores, in which a seeded random number decides everything.
 *
 * There are two kinds of worlds: in one, a single server owns the stores; in the other, several servers share them. In both, servers
 * die and restart, and groups gain and lose members through any of them.
 */
import type { ConversationId, Millis } from '../../src/domain/ids.ts';
import type { Message } from '../../src/domain/message.ts';
import { createTrustedClock, type TrustedClock } from '../../src/domain/trusted-clock.ts';
import type { Viewer } from '../../src/domain/user.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import type { ConversationStore } from '../../src/stores/conversation-store.ts';
import { createMemoryConversationStore } from '../../src/stores/memory/memory-conversation-store.ts';
import { createMemoryMessageStore } from '../../src/stores/memory/memory-message-store.ts';
import { createMemoryUserStore } from '../../src/stores/memory/memory-user-store.ts';
import type { MessageStore } from '../../src/stores/message-store.ts';
import { Device, DeviceStream } from './device.ts';
import { type FaultRates, FaultyBus, putBetween } from './fault-ports.ts';
import { createServices, type Services } from './instance.ts';
import type { Ack } from './receipt-checks.ts';
import { type Owner, Scheduler } from './scheduler.ts';
import { createRandom } from './world.ts';

/** A guard taken away: the checks must notice. */
export interface DeliveryMutant {
  readonly name: string;
  wrapMessages?(store: MessageStore, scheduler: Scheduler): MessageStore;
  wrapConversations?(store: ConversationStore): ConversationStore;
  /** @param openStreams - the streams of a user on the instance whose bus this is */
  wrapBus?(bus: Bus, openStreams: (userId: string) => readonly DeviceStream[]): Bus;
  /** Streams are never compared with the store. */
  readonly withoutChecks?: boolean;
  /** Each of several servers takes itself for the only writer. */
  readonly isEachAlone?: boolean;
  /** Servers believe their clocks wherever these are set to. */
  readonly believesClocks?: boolean;
  /** Nobody finishes what a crash left behind. */
  readonly withoutSweep?: boolean;
}

interface Server extends Owner {
  clockMs: Millis;
  readonly bornAt: Millis;
  isServing: boolean;
  services: Services;
}

export interface Send {
  readonly senderId: string;
  readonly clientMessageId: string;
  readonly text: string;
  readonly conversationId: ConversationId;
  readonly beganAt: number;
  /** When its `clientMessageId` was first used, on a clock that cannot be set. */
  readonly firstUsedMs: Millis;
  answer: { readonly message: Message; readonly resend: boolean; readonly at: number } | null;
  errorCode: string | null;
}

export const userIds = ['101', '102', '103', '104'] as const;
const hour = 3_600_000;
const day = 24 * hour;
/** Where wild clocks may be set to; four months, so that no more are sealed than a server with a distrusted clock asks. */
const wildTimes = [
  Date.UTC(2026, 0, 31, 23, 59, 59, 990),
  Date.UTC(2026, 0, 1),
  Date.UTC(2026, 1, 1),
  Date.UTC(2026, 2, 31, 23, 59, 59, 999),
  Date.UTC(2027, 1, 10),
];
/** How late a send is repeated where clocks can be trusted; what it waits for its answer comes on top, up to a day in all. */
const resendWithinMs = 10 * hour;
/** Hours that pass where clocks are set wildly; less than a day, after which a server trusts its clock to tell old resends from new. */
const wildHoursMax = 20;
/** How far a clock may be ahead of a monotonic clock and be believed. */
const clockDriftMaxMs = 30_000;
const stepsMax = 60_000;

export class DeliveryWorld {
  readonly scheduler: Scheduler;
  readonly truth = {
    ...createMemoryMessageStore(),
    conversations: createMemoryConversationStore(),
    users: createMemoryUserStore(),
  };
  readonly sends: Send[] = [];
  readonly acks: Ack[] = [];
  readonly devices: Device[] = [];
  readonly complaints: string[] = [];
  readonly isAlone: boolean;
  private readonly mutant: DeliveryMutant | null;
  private readonly rates: FaultRates = { calls: 0, hints: 0 };
  private readonly bus: FaultyBus;
  private readonly servers: Server[] = [];
  private readonly isCalm: boolean;
  private readonly onWriteMaxMembers: number;
  private readonly backlogMax: number;
  private readonly slowRate: number;
  conversationIds: ConversationId[] = [];
  private elapsedMs = 0;
  private hoursPassed = 0;
  private believedMs = 0;
  private workers = 0;
  private names = 0;

  constructor(seed: number, mutant: DeliveryMutant | null) {
    this.scheduler = new Scheduler(createRandom(seed));
    const { scheduler } = this;
    this.mutant = mutant;
    this.bus = new FaultyBus(scheduler, this.rates);
    this.isAlone = scheduler.chance(0.6);
    this.isCalm = scheduler.chance(0.4);
    this.onWriteMaxMembers = scheduler.pick([0, 2, 3, 10]);
    this.backlogMax = scheduler.pick([2, 1_000, 1_000]);
    this.slowRate = scheduler.pick([0, 0.1]);
  }

  /** Plays so many acts among everything else, then lets all of it come to rest. */
  async play(acts: number): Promise<void> {
    const { scheduler, rates } = this;
    using _timers = scheduler.installTimers();
    scheduler.note(
      `${this.isAlone ? 'one server' : 'several servers'}, ${this.isCalm ? 'calm' : 'wild'} clocks, ` +
        `on write up to ${this.onWriteMaxMembers}, backlogs up to ${this.backlogMax}`,
    );
    await this.prepare();
    rates.calls = scheduler.pick([0, 0.02, 0.06]);
    rates.hints = scheduler.pick([0, 0.1, 0.5]);
    for (let left = acts; left > 0; ) {
      if (scheduler.isAtRest || scheduler.chance(0.08)) {
        left -= 1;
        await this.act();
      } else await scheduler.step();
    }
    rates.calls = 0;
    rates.hints = 0;
    await this.finish();
  }

  // Before the faults: a group one member joins late and one leaves, and a direct conversation.
  private async prepare(): Promise<void> {
    for (const id of userIds) {
      const user = { id, username: `u${id}`, displayName: `u${id}`, createdAt: 0 };
      await this.truth.users.create(user, { passwordHash: null, externalSubject: null });
      const devices = id === '101' ? ['1', '2'] : ['1'];
      for (const deviceId of devices) this.devices.push(new Device(viewerOf(id, deviceId)));
    }
    const first = await this.startServer(wildTimes[0] as number);
    const { conversations, messages } = first.services;
    const owner = viewerOf('101');
    const group = await this.complete(first, () =>
      conversations.createGroup(owner, { title: 'g', memberIds: ['102', '103'] }),
    );
    const direct = await this.complete(first, () => conversations.openDirect(owner, '102'));
    const conversationId = group.view.conversation.id;
    this.conversationIds = [conversationId, direct.conversation.id];
    if (!this.isAlone) {
      const say = (text: string) =>
        messages.send(owner, { to: { conversationId }, clientMessageId: `prepared-${text}`, text });
      await this.complete(first, () => say('before'));
      await this.complete(first, () => conversations.addMembers(owner, { conversationId, userIds: ['104'] }));
      await this.complete(first, () => conversations.leaveGroup(viewerOf('103'), conversationId));
      await this.complete(first, () => say('after'));
      const others = this.scheduler.pick([1, 2]);
      for (let count = 0; count < others; count += 1) await this.startServer(first.clockMs);
    }
  }

  private async complete<T>(server: Server, call: () => Promise<T>): Promise<T> {
    let outcome: { value: T } | { error: unknown } | null = null;
    await this.scheduler.begin(server, () => {
      call().then(
        (value) => {
          outcome = { value };
        },
        (error: unknown) => {
          outcome = { error };
        },
      );
    });
    for (let steps = 0; outcome === null && steps < stepsMax; steps += 1) await this.scheduler.step();
    const settled = outcome as { value: T } | { error: unknown } | null;
    if (settled === null) throw new Error('a call is never answered');
    if ('error' in settled) throw settled.error;
    return settled.value;
  }

  private createServer(clockMs: Millis): Server {
    const { scheduler, truth, mutant } = this;
    this.names += 1;
    this.believedMs = Math.max(this.believedMs, clockMs);
    const server = {
      name: `server ${this.names}`,
      isDead: false,
      isServing: false,
      clockMs,
      bornAt: this.elapsedMs + scheduler.time,
    } as Server;
    const between = <Port extends object>(name: string, port: Port) =>
      putBetween(scheduler, this.rates, server, name, port);
    const stored = mutant?.wrapMessages?.(truth, scheduler) ?? truth;
    const ownBus = this.bus.of(server);
    const streamsOf = (userId: string) =>
      this.devices.flatMap(({ viewer, stream }) =>
        viewer.userId === userId && stream?.server === server ? [stream] : [],
      );
    server.services = createServices({
      stores: {
        stats: truth.stats,
        messageLog: between('log', stored.messageLog),
        inboxes: between('inboxes', stored.inboxes),
        receipts: between('receipts', stored.receipts),
        conversations: between(
          'conversations',
          mutant?.wrapConversations?.(truth.conversations) ?? truth.conversations,
        ),
        users: truth.users,
      },
      bus: mutant?.wrapBus?.(ownBus, streamsOf) ?? ownBus,
      clock: this.clockOf(server),
      elapsed: () => this.elapsedMs + scheduler.time - server.bornAt,
      takeWorker: () => this.workers++ % 1024,
      isAlone: this.isAlone || mutant?.isEachAlone === true,
      onWriteMaxMembers: this.onWriteMaxMembers,
      backlogMax: this.backlogMax,
      onError: (error, what) => scheduler.note(`${server.name} ${what}: ${String(error)}`),
    });
    return server;
  }

  // A millisecond for each step, so that no two reads of the store are at the same time.
  private clockOf(server: Server): TrustedClock {
    const { scheduler, mutant } = this;
    const clock = () => server.clockMs + scheduler.time;
    if (mutant?.believesClocks === true)
      return { now: clock, latest: () => Number.POSITIVE_INFINITY, isTrusted: () => false };
    return createTrustedClock({ clock, elapsed: () => this.elapsedMs + scheduler.time - server.bornAt });
  }

  /** What a process does before it serves: it finishes what an earlier one left behind. A start that fails is made again. */
  private async startServer(clockMs: Millis): Promise<Server> {
    for (;;) {
      let server: Server | null = null;
      await this.scheduler.begin({ name: 'start', isDead: false }, () => {});
      server = this.createServer(clockMs);
      const { services } = server;
      this.servers.push(server);
      try {
        await this.complete(server, async () => {
          await services.conversations.finishOpenChanges(true);
          if (this.mutant?.withoutSweep !== true) await services.log.sweep(0);
        });
        server.isServing = true;
        this.scheduler.note(`${server.name} serves`);
        return server;
      } catch (error) {
        this.scheduler.note(`${server.name} does not start: ${String(error)}`);
        this.bury(server);
      }
    }
  }

  private bury(server: Server): void {
    const fates = this.isAlone ? (['now', 'never'] as const) : (['now', 'never', 'later'] as const);
    for (const { stream } of this.devices) if (stream?.server === server) stream.stop();
    this.scheduler.bury(server, () => this.scheduler.pick(fates));
    this.bus.drop(server);
    this.servers.splice(this.servers.indexOf(server), 1);
  }

  private async act(): Promise<void> {
    const { scheduler } = this;
    const server = scheduler.pick(this.servers);
    const acts: [number, () => Promise<void> | void][] = [
      [10, () => this.send(server)],
      [2, () => this.sendBurst(server)],
      [4, () => this.openStream(server)],
      [1, () => this.closeStream()],
      [3, () => this.readPage(server)],
      [2, () => this.acknowledge(server)],
      [2, () => this.readHistory(server)],
      [3, () => this.moveClock(server)],
      [1.5, () => this.crash(server)],
      [0.5, () => this.bus.reconnect()],
      [1, () => this.sweep(server)],
      [4, () => this.changeMembers(server)],
    ];
    const [, act] = scheduler.pickWeighted(acts, ([weight]) => weight);
    await act();
  }

  /** Calls a service and gets its result, unless the server dies before. */
  private async call<T>(
    server: Server,
    what: string,
    call: (services: Services) => Promise<T>,
    then: (value: T) => void,
    otherwise: (code: string) => void = () => {},
  ): Promise<void> {
    const { scheduler } = this;
    scheduler.note(`${server.name} ${what}`);
    await scheduler.begin(server, () => {
      call(server.services).then(
        (value) => {
          if (!server.isDead) then(value);
        },
        (error: unknown) => {
          if (server.isDead) return;
          const code = (error as { code?: string }).code ?? String(error);
          if (!knownCodes.has(code)) this.complaints.push(`${what} fails with ${String(error)}`);
          scheduler.note(`${what} fails with ${code}`);
          otherwise(code);
        },
      );
    });
  }

  private drawSend(): Send {
    const { scheduler, sends } = this;
    const beganAt = scheduler.time;
    const outcome = { beganAt, answer: null, errorCode: null };
    const recent = this.isCalm
      ? sends.filter(({ firstUsedMs }) => this.elapsedMs - firstUsedMs < resendWithinMs)
      : sends;
    if (recent.length > 0 && scheduler.chance(0.35)) {
      const known = scheduler.pick(recent);
      return { ...known, ...outcome, text: scheduler.chance(0.15) ? `${known.text}!` : known.text };
    }
    const conversationId = scheduler.pick([this.conversationIds[0] as string, ...this.conversationIds]);
    const number = sends.length;
    return {
      senderId: scheduler.pick(userIds),
      clientMessageId: `c${number}`,
      text: `t${number}`,
      conversationId,
      firstUsedMs: this.elapsedMs,
      ...outcome,
    };
  }

  private async send(server: Server): Promise<void> {
    const send = this.drawSend();
    this.sends.push(send);
    const { conversationId, clientMessageId, text, senderId } = send;
    await this.call(
      server,
      `takes ${clientMessageId} “${text}” of ${senderId} for ${conversationId} at ${new Date(server.clockMs).toISOString()}`,
      ({ messages }) =>
        messages.send(viewerOf(senderId), {
          to: { conversationId },
          clientMessageId,
          text,
          // A reader may be shown one large message and one small: only the small are kept in memory.
          ...(text.endsWith('3') ? { data: { large: true } } : {}),
        }),
      ({ message, resend }) => {
        send.answer = { message, resend, at: this.scheduler.time };
        this.scheduler.note(`${clientMessageId} is SENT as ${message.seq}${resend ? ' (before)' : ''}`);
      },
      (code) => {
        send.errorCode = code;
      },
    );
  }

  private async sendBurst(server: Server): Promise<void> {
    for (let count = 2 + Math.floor(this.scheduler.random() * 4); count > 0; count -= 1) await this.send(server);
  }

  private async openStream(server: Server): Promise<void> {
    const device = this.scheduler.pick(this.devices);
    device.stream?.stop();
    const stream = new DeviceStream(device, server, this.scheduler, this.slowRate);
    device.stream = stream;
    const afterSeq = this.scheduler.chance(0.7) ? device.position : null;
    await this.call(
      server,
      `opens a stream of ${device.name} after ${afterSeq}`,
      async ({ streams }) => {
        const close = await streams.open(device.viewer, afterSeq).open(stream);
        if (stream.state === 'closed') close();
        else {
          stream.close = close;
          stream.wasOpened = true;
        }
      },
      () => {},
      (code) => {
        if (code === 'CURSOR_AHEAD') device.complain(`a stream after ${afterSeq} is ${code}`);
        stream.stop();
      },
    );
  }

  private closeStream(): void {
    this.scheduler.pick(this.devices).stream?.stop();
  }

  private async readPage(server: Server): Promise<void> {
    const device = this.scheduler.pick(this.devices);
    const afterSeq = device.position;
    const first = 1 + Math.floor(this.scheduler.random() * 4);
    await this.call(
      server,
      `gives a page of ${device.name} after ${afterSeq}`,
      ({ inbox }) => inbox.page(device.viewer.userId, afterSeq, first),
      (page) => device.takePage(afterSeq, page),
      (code) => {
        if (code === 'CURSOR_AHEAD') device.complain(`a page after ${afterSeq} is ${code}`);
      },
    );
  }

  private async acknowledge(server: Server): Promise<void> {
    const { viewer, position } = this.scheduler.pick(this.devices);
    await this.call(
      server,
      `takes the acknowledgement of ${viewer.userId} up to ${position}`,
      ({ receipts }) => receipts.ack(viewer, { status: 'DELIVERED', upToInboxSeq: position }),
      () => this.acks.push({ userId: viewer.userId, upToInboxSeq: position }),
    );
  }

  private async readHistory(server: Server): Promise<void> {
    const device = this.scheduler.pick(this.devices);
    const conversationId = this.scheduler.pick(this.conversationIds);
    const size = 1 + Math.floor(this.scheduler.random() * 5);
    await this.call(
      server,
      `gives the history of ${conversationId} to ${device.name}`,
      ({ messages }) => messages.history.page(device.viewer, { conversationId, last: size }),
      ({ messages, hasPreviousPage }) => {
        messages.forEach((message, index) => {
          const before = messages[index - 1];
          if (before !== undefined && before.seq >= message.seq)
            device.complain(`history has ${message.seq} after ${before.seq}`);
          device.messages.push(message);
        });
        device.histories.push({ conversationId, seqs: messages.map(({ seq }) => seq) });
        if (hasPreviousPage && messages.length < size) device.complain(`history stops short at ${messages[0]?.seq}`);
      },
    );
  }

  private async moveClock(server: Server): Promise<void> {
    const { scheduler } = this;
    if (this.isCalm) {
      // All clocks keep pace. Days pass only when nothing is under way: no call takes so long.
      const ms = scheduler.pick([hour / 4, hour, day, 12 * day]);
      if (ms >= day) await this.rest();
      this.pass(ms);
      return;
    }
    const jump = scheduler.random();
    if (jump < 0.2) server.clockMs += Math.floor(scheduler.random() * 20_000);
    else if (jump < 0.4) server.clockMs -= Math.floor(scheduler.random() * 20_000);
    else if (jump < 0.5 && this.hoursPassed < wildHoursMax) {
      this.hoursPassed += 1;
      this.pass(hour);
    } else server.clockMs = scheduler.pick(wildTimes) + Math.floor(scheduler.random() * 5);
    scheduler.note(`${server.name} has ${new Date(server.clockMs).toISOString()}`);
    // A server believes its clock when it starts.
    if (jump > 0.8) await this.crash(server);
  }

  /** Time passes on all clocks, so that servers may believe them wherever they have been set to. */
  private pass(ms: Millis): void {
    this.believedMs = Math.max(this.believedMs, ...this.servers.map(({ clockMs }) => clockMs)) + ms;
    for (const server of this.servers) server.clockMs += ms;
    this.elapsedMs += ms;
    this.scheduler.note(`${ms / hour} hours pass`);
  }

  /** No server has had a reason to believe that it is later. */
  get latestMs(): Millis {
    return this.believedMs + this.scheduler.time + clockDriftMaxMs;
  }

  private async crash(server: Server): Promise<void> {
    this.scheduler.note(`${server.name} dies`);
    this.bury(server);
    await this.startServer(server.clockMs);
  }

  private async sweep(server: Server): Promise<void> {
    if (this.mutant?.withoutSweep === true) return;
    await this.call(
      server,
      'sweeps',
      ({ log }) => log.sweep(0),
      () => {},
    );
  }

  private async changeMembers(server: Server): Promise<void> {
    const { scheduler } = this;
    const [conversationId] = this.conversationIds as [ConversationId];
    const owner = viewerOf('101');
    const userId = scheduler.pick(['102', '103', '104']);
    const change = scheduler.pick(['adds', 'adds', 'removes', 'lets go'] as const);
    await this.call(
      server,
      `${change} ${userId}`,
      ({ conversations }) => {
        if (change === 'adds') return conversations.addMembers(owner, { conversationId, userIds: [userId] });
        if (change === 'removes') return conversations.removeMembers(owner, { conversationId, userIds: [userId] });
        return conversations.leaveGroup(viewerOf(userId), conversationId);
      },
      () => {},
    );
  }

  private async rest(): Promise<void> {
    for (let steps = 0; !this.scheduler.isAtRest; steps += 1) {
      if (steps > stepsMax) throw new Error('the world does not come to rest');
      await this.scheduler.step();
    }
  }

  /** Without faults: all that waits is done, a sweep finishes the rest, streams look once more, and every device reads on. */
  private async finish(): Promise<void> {
    const { scheduler } = this;
    scheduler.note('no more faults');
    await this.rest();
    for (const server of [...this.servers]) {
      await this.sweep(server);
      await this.rest();
    }
    // What is kept in memory for a while grows old.
    this.pass(60_000);
    for (let round = 0; round < 2; round += 1) {
      if (this.mutant?.withoutChecks !== true) await scheduler.tick();
      await this.rest();
    }
    await this.compareStreams();
    for (const device of this.devices) {
      device.stream?.stop();
      const [server] = this.servers as [Server];
      for (let hasMore = true; hasMore; ) {
        const afterSeq = device.position;
        const page = await this.complete(server, () => server.services.inbox.page(device.viewer.userId, afterSeq, 7));
        device.takePage(afterSeq, page);
        hasMore = page.hasMore && page.nextSeq > afterSeq;
      }
    }
    await this.rest();
  }

  /** A stream that is open and has had its time shows everything that its user may see of the latest stay. */
  private async compareStreams(): Promise<void> {
    for (const { stream, viewer, seen, name } of this.devices) {
      if (stream === null || stream.state !== 'open') continue;
      for (const member of await this.truth.conversations.listMemberships(viewer.userId)) {
        const { conversationId } = member;
        for (const month of await this.truth.messageLog.months()) {
          const range = { conversationId, month, fromSeq: 0n, toSeq: 2n ** 62n, limit: 10_000 };
          const [rows] = await this.truth.messageLog.list([range]);
          for (const { seq } of rows ?? []) {
            if (seq <= member.joinedSeq || (member.leftSeq !== null && seq > member.leftSeq)) continue;
            if (!seen.has(`${conversationId}/${seq}`))
              this.complaints.push(`the open stream of ${name} never showed ${conversationId}/${seq}`);
          }
        }
      }
    }
  }
}

const knownCodes = new Set(['UNAVAILABLE', 'OVERLOADED', 'ID_CONFLICT', 'FORBIDDEN', 'NOT_FOUND', 'CURSOR_AHEAD']);

function viewerOf(userId: string, deviceId = '1'): Viewer {
  return { userId, deviceId, expiresAt: Number.POSITIVE_INFINITY };
}
