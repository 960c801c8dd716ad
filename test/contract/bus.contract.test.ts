import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Topic } from '../../src/pubsub/topics.ts';
import { busDrivers, type OpenBus } from './bus-drivers.ts';

let topicCount = 0;
/** Fresh for every test: drivers may share a server. */
function aTopic(kind = 'inbox'): Topic<string> {
  topicCount += 1;
  return { name: `${kind}:${topicCount}` };
}

describe.each(busDrivers)('Bus on %s', (_driver, open) => {
  let opened: OpenBus;
  beforeEach(async () => {
    opened = await open();
  });
  afterEach(() => opened[Symbol.asyncDispose]());

  /** Collects the hints of a topic. */
  async function listen(topic: Topic<string>) {
    const got: string[] = [];
    const stop = await opened.bus.subscribe(topic, (payload) => void got.push(payload));
    return { got, stop };
  }

  /** Resolves when everything that was published on these topics before has arrived. */
  async function settled(...topics: Topic<string>[]): Promise<void> {
    for (const topic of topics) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const stop = await opened.bus.subscribe(topic, (payload) => {
        if (payload === 'marker') resolve();
      });
      opened.bus.publish(topic, 'marker');
      await promise;
      stop();
    }
  }

  it('delivers hints published after a subscription became active, in order', async () => {
    const topic = aTopic();
    opened.bus.publish(topic, 'before');
    const { got } = await listen(topic);
    for (const text of ['a', 'b', 'c']) opened.bus.publish(topic, text);
    await settled(topic);
    expect(got).toEqual(['a', 'b', 'c', 'marker']);
  });

  it('reaches every subscriber of a topic, and none of another', async () => {
    const [topic, other] = [aTopic(), aTopic()];
    const [first, second, third] = [await listen(topic), await listen(topic), await listen(other)];
    opened.bus.publish(topic, 'a');
    await settled(topic, other);
    expect([first.got, second.got, third.got]).toEqual([['a', 'marker'], ['a', 'marker'], ['marker']]);
  });

  it('accepts hints without receivers', async () => {
    const topic = aTopic();
    opened.bus.publish(topic, 'a');
    const { got } = await listen(topic);
    await settled(topic);
    expect(got).toEqual(['marker']);
  });

  it('ends a subscription immediately, even if it is ended repeatedly', async () => {
    const topic = aTopic();
    const [kept, ended] = [await listen(topic), await listen(topic)];
    ended.stop();
    opened.bus.publish(topic, 'a');
    ended.stop();
    const later = await listen(topic);
    ended.stop();
    opened.bus.publish(topic, 'b');
    await settled(topic);
    expect(ended.got).toEqual([]);
    expect(kept.got).toEqual(['a', 'b', 'marker']);
    expect(later.got).toEqual(['b', 'marker']);
  });

  it('can be subscribed to again after the last subscription has ended', async () => {
    const topic = aTopic();
    (await listen(topic)).stop();
    const { got } = await listen(topic);
    opened.bus.publish(topic, 'a');
    await settled(topic);
    expect(got).toEqual(['a', 'marker']);
  });

  it('calls a function that subscribed twice twice, and ends one at a time', async () => {
    const topic = aTopic();
    const got: string[] = [];
    const receive = (payload: string) => void got.push(payload);
    const [stop] = [await opened.bus.subscribe(topic, receive), await opened.bus.subscribe(topic, receive)];
    opened.bus.publish(topic, 'a');
    await settled(topic);
    stop();
    opened.bus.publish(topic, 'b');
    await settled(topic);
    expect(got).toEqual(['a', 'a', 'marker', 'marker', 'b', 'marker']);
  });

  it('keeps the others going when a receiver throws, and reports it without an id', async () => {
    const topic = aTopic('inbox');
    const before = await listen(topic);
    const stop = await opened.bus.subscribe(topic, () => {
      throw new Error('a receiver of ours');
    });
    const after = await listen(topic);
    opened.bus.publish(topic, 'a');
    opened.bus.publish(topic, 'b');
    await settled(topic);
    stop();
    expect([before.got, after.got]).toEqual([
      ['a', 'b', 'marker'],
      ['a', 'b', 'marker'],
    ]);
    expect(opened.reports.map(({ error }) => (error as Error).message)).toEqual(Array(3).fill('a receiver of ours'));
    // It becomes a metric's label: one per kind of topic, not one per user.
    expect(new Set(opened.reports.map(({ what }) => what))).toEqual(new Set(['receiver of inbox']));
  });

  it('also reports an error of the only receiver, and continues', async () => {
    const topic = aTopic();
    let calls = 0;
    await opened.bus.subscribe(topic, () => {
      calls += 1;
      throw new Error('alone');
    });
    opened.bus.publish(topic, 'a');
    opened.bus.publish(topic, 'b');
    await settled(topic);
    expect(calls).toBe(3);
    expect(opened.reports).toHaveLength(3);
  });

  it('lets receivers end subscriptions while it is calling them', async () => {
    const topic = aTopic();
    const stops: (() => void)[] = [];
    const got: string[] = [];
    for (const name of ['first', 'second', 'third']) {
      stops.push(
        await opened.bus.subscribe(topic, () => {
          got.push(name);
          for (const stop of stops) stop();
        }),
      );
    }
    opened.bus.publish(topic, 'a');
    await settled(topic);
    expect(got).toHaveLength(1);
  });

  it('lets receivers subscribe during a call: they receive the next hint', async () => {
    const topic = aTopic();
    await listen(topic);
    const late: string[] = [];
    const pending: Promise<unknown>[] = [];
    const stop = await opened.bus.subscribe(topic, () => {
      if (pending.length === 0) pending.push(opened.bus.subscribe(topic, (payload) => void late.push(payload)));
    });
    opened.bus.publish(topic, 'a');
    await settled(topic);
    stop();
    await Promise.all(pending);
    opened.bus.publish(topic, 'b');
    await settled(topic);
    expect(late).not.toContain('a');
    expect(late).toContain('b');
  });

  it('hands one payload to all receivers', async () => {
    const topic: Topic<{ text: string }> = { name: aTopic().name };
    const got: { text: string }[] = [];
    for (let i = 0; i < 2; i += 1) await opened.bus.subscribe(topic, (payload) => void got.push(payload));
    const { promise, resolve } = Promise.withResolvers<void>();
    await opened.bus.subscribe(topic, () => resolve());
    opened.bus.publish(topic, { text: 'a' });
    await promise;
    expect(got[0]).toEqual({ text: 'a' });
    expect(got[1]).toBe(got[0]);
  });

  it('takes a listener for its return, and lets it go', () => {
    const stop = opened.bus.onReconnect(() => {});
    expect(stop()).toBeUndefined();
  });

  it('serves 15,000 topics of one subscriber and one of 2,000', async () => {
    const topics = Array.from({ length: 15_000 }, () => aTopic());
    const crowd = aTopic('conversation');
    let calls = 0;
    const count = () => {
      calls += 1;
    };
    const stops = await Promise.all([
      ...topics.map((topic) => opened.bus.subscribe(topic, count)),
      ...Array.from({ length: 2_000 }, () => opened.bus.subscribe(crowd, count)),
    ]);
    for (const topic of topics) opened.bus.publish(topic, 'a');
    opened.bus.publish(crowd, 'a');
    await settled(crowd);
    // The marker reaches the crowd once more.
    expect(calls).toBe(19_000);
    for (const stop of stops) stop();
    opened.bus.publish(crowd, 'b');
    await settled(crowd);
    expect(calls).toBe(19_000);
  });
});
