/** Ports between an instance and its stores and bus: every call and every answer becomes a step, and some are lost. */
import { DomainError } from '../../src/domain/errors.ts';
import type { Bus } from '../../src/pubsub/bus.ts';
import type { Owner, Scheduler } from './scheduler.ts';

export interface FaultRates {
  /** Of calls that end in UNAVAILABLE: carried out, not carried out, or carried out later. */
  calls: number;
  /** Of hints that get lost; half as many are doubled. */
  hints: number;
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

export function putBetween<Port extends object>(
  scheduler: Scheduler,
  rates: FaultRates,
  owner: Owner,
  name: string,
  port: Port,
): Port {
  const lost = () => new DomainError('UNAVAILABLE', 'The answer was lost.');

  function carryOut(method: string, args: readonly unknown[]): Promise<unknown> {
    return (Reflect.get(port, method) as Method).apply(port, [...args]);
  }

  function call(method: string, args: readonly unknown[]): Promise<unknown> {
    const label = `${owner.name} ${name}.${method}`;
    return new Promise((resolve, reject) => {
      const answer = (settle: () => void) => scheduler.add(owner, settle);
      const isFaulty = scheduler.chance(rates.calls);
      const fault = isFaulty ? scheduler.pick(['not done', 'done', 'done later'] as const) : null;
      if (fault !== null) scheduler.note(`${label} will fail, ${fault}`);
      if (fault === 'not done' || fault === 'done later') answer(() => reject(lost()));
      if (fault === 'not done') return;
      const start = () => {
        void carryOut(method, args).then(
          (value) => {
            if (fault !== 'done later') answer(fault === 'done' ? () => reject(lost()) : () => resolve(value));
          },
          (error: unknown) => answer(() => reject(error)),
        );
      };
      scheduler.add(owner, start, true);
    });
  }

  return new Proxy(port, {
    get:
      (_target, method) =>
      (...args: readonly unknown[]) =>
        call(String(method), args),
  });
}

/** A bus over all instances that loses hints, doubles them and changes their order. */
export class FaultyBus {
  private readonly topics = new Map<string, Set<{ owner: Owner; receive: (payload: unknown) => void }>>();
  private readonly listeners = new Set<{ owner: Owner; listener: () => void }>();
  private readonly scheduler: Scheduler;
  private readonly rates: FaultRates;

  constructor(scheduler: Scheduler, rates: FaultRates) {
    this.scheduler = scheduler;
    this.rates = rates;
  }

  /** The bus as one instance sees it. */
  of(owner: Owner): Bus {
    const { scheduler, rates, topics, listeners } = this;
    return {
      publish({ name }, payload) {
        for (const subscription of topics.get(name) ?? []) {
          const { owner: receiver, receive } = subscription;
          const deliver = () => {
            if (topics.get(name)?.has(subscription) === true) receive(payload);
          };
          if (scheduler.chance(rates.hints)) continue;
          scheduler.add(receiver, deliver);
          if (scheduler.chance(rates.hints / 2)) scheduler.add(receiver, deliver);
        }
      },
      subscribe({ name }, receive) {
        const subscription = { owner, receive: (payload: unknown) => receive(payload as never) };
        return new Promise((resolve) => {
          scheduler.add(owner, () => {
            const subscriptions = topics.get(name) ?? new Set();
            topics.set(name, subscriptions.add(subscription));
            resolve(() => subscriptions.delete(subscription));
          });
        });
      },
      onReconnect(listener) {
        const entry = { owner, listener };
        listeners.add(entry);
        return () => listeners.delete(entry);
      },
    };
  }

  reconnect(): void {
    for (const { owner, listener } of this.listeners) this.scheduler.add(owner, listener);
  }

  /** Ends the subscriptions of a dead instance. */
  drop(owner: Owner): void {
    for (const subscriptions of this.topics.values())
      for (const one of subscriptions) if (one.owner === owner) subscriptions.delete(one);
    for (const one of this.listeners) if (one.owner === owner) this.listeners.delete(one);
  }
}
