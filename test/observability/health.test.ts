import { describe, expect, it } from 'vitest';
import { createAvailabilityLog, createHealth } from '../../src/observability/health.ts';

const good = { name: 'directory', check: async () => {} };
const bad = { name: 'message-store', check: () => Promise.reject(new Error('no')) };
const stuck = { name: 'bus', check: () => new Promise<void>(() => {}) };

const aHealth = (...checks: (typeof good)[]) => createHealth({ checks, timeoutMs: 20, version: '1.2.3' });

describe('health', () => {
  it('is live regardless of its components', () => {
    expect(aHealth(bad, stuck).live()).toEqual({ ok: true, body: { status: 'ok', version: '1.2.3' } });
  });

  it('is ready when every part answers', async () => {
    expect(await aHealth(good).ready()).toEqual({
      ok: true,
      body: { status: 'ready', degraded: [], version: '1.2.3' },
    });
  });

  it('names the parts that fail, and those that do not answer in time', async () => {
    const health = aHealth(good, bad, stuck);
    expect(await health.ready()).toEqual({
      ok: false,
      body: { status: 'degraded', degraded: ['message-store', 'bus'], version: '1.2.3' },
    });
    expect(health.degraded()).toEqual(['message-store', 'bus']);
  });

  it('shows the counts that are known in time, and leaves out the others', async () => {
    const health = createHealth({
      checks: [good],
      details: {
        setAside: async () => 3,
        failed: () => Promise.reject(new Error('no')),
        late: () => new Promise<number>(() => {}),
      },
      timeoutMs: 20,
      version: '1.2.3',
    });
    expect(await health.ready()).toEqual({
      ok: true,
      body: { status: 'ready', degraded: [], version: '1.2.3', setAside: 3 },
    });
  });

  it('takes a check that throws before it answers for one that fails', async () => {
    const broken = {
      name: 'directory',
      check(): Promise<void> {
        throw new Error('at once');
      },
    };
    expect((await aHealth(broken).ready()).body).toMatchObject({ degraded: ['directory'] });
  });

  it('logs when a component becomes unavailable, and when it is available again', async () => {
    const lines: [string, object][] = [];
    const log = {
      warn: (fields: object) => void lines.push(['warn', fields]),
      info: (fields: object) => void lines.push(['info', fields]),
    };
    let now = 0;
    let isAway = false;
    const check = async () => {
      if (isAway) throw new Error('away');
    };
    const health = createHealth({
      checks: [
        { name: 'directory', check },
        { ...good, name: 'message-store' },
      ],
      onChange: createAvailabilityLog(log, () => now),
      timeoutMs: 20,
      version: '1.2.3',
    });
    await health.look();
    isAway = true;
    for (let looks = 0; looks < 5; looks += 1) await health.look();
    await Promise.all([health.look(), health.ready(), health.ready()]);
    now = 12_000;
    isAway = false;
    for (let looks = 0; looks < 5; looks += 1) await health.look();
    expect(lines).toEqual([
      ['warn', { component: 'directory' }],
      ['info', { component: 'directory', seconds: 12 }],
    ]);
  });

  it('asks a part that is stuck only once, however often it is looked at', async () => {
    let asked = 0;
    let answer = () => {};
    const health = aHealth({
      name: 'message-store',
      check() {
        asked += 1;
        return new Promise<void>((resolve) => {
          answer = resolve;
        });
      },
    });
    await Promise.all([health.ready(), health.ready(), health.look()]);
    await health.look();
    expect(asked).toBe(1);
    expect(health.degraded()).toEqual(['message-store']);
    answer();
    await health.look();
    expect(health.degraded()).toEqual([]);
    await health.look();
    expect(asked).toBe(2);
  });

  it('detects that a component fails and recovers', async () => {
    let isAway = false;
    const health = aHealth({
      name: 'directory',
      check: () => (isAway ? Promise.reject(new Error('no')) : good.check()),
    });
    await health.look();
    expect(health.degraded()).toEqual([]);
    isAway = true;
    await health.look();
    expect(health.degraded()).toEqual(['directory']);
    isAway = false;
    await health.look();
    expect(health.degraded()).toEqual([]);
  });

  it('is not ready while it drains, and live nevertheless', async () => {
    const health = aHealth(good);
    health.drain();
    expect(await health.ready()).toMatchObject({ ok: false, body: { status: 'draining' } });
    expect(health.live().ok).toBe(true);
  });
});
