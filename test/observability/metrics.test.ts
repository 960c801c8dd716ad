import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createMetrics } from '../../src/observability/metrics.ts';

const gauges = {
  sendQueue: () => 1,
  fanOutPending: async () => 2,
  inboxLag: async () => 0.5,
  storePending: () => 3,
  storeBacklog: async () => 4,
  storeSetAside: async () => 0,
  online: () => 5,
  passwordsWaiting: () => 0,
  answerBytes: () => 6,
};

function watched(over: Partial<typeof gauges> = {}) {
  const metrics = createMetrics('1.2.3');
  metrics.watch({ ...gauges, ...over });
  return metrics;
}

const pageOf = async (metrics: ReturnType<typeof createMetrics>) => (await metrics.page()).body.split('\n');

const operation = readFileSync(new URL('../../docs/operation.md', import.meta.url), 'utf8');
/** Rows of the table of metrics: name, and labels if any. */
const rows = [...operation.matchAll(/^\| `(heliograph_\w+)` *\|([^|]*)\|([^|]*)\|/gm)].map(
  ([, name, labels, meaning]) => ({
    name: name as string,
    labels: [...(labels ?? '').matchAll(/`(\w+)`/g)].map(([, label]) => label as string).sort(),
    meaning: (meaning ?? '').trim(),
  }),
);

describe('docs/operation.md', () => {
  it('explains each metric, and no other', () => {
    const own = watched()
      .names()
      .filter((name) => name.startsWith('heliograph_'));
    expect(own.length).toBeGreaterThan(10);
    expect(rows.map(({ name }) => name).sort()).toEqual(own.sort());
    for (const { meaning } of rows) expect(meaning).not.toBe('');
  });

  it('names the labels that metrics carry', async () => {
    const metrics = watched();
    metrics.server.operationDone({ transport: 'ws', type: 'query', code: 'OK' }, 1);
    metrics.server.socketClosed(1000);
    metrics.server.subscriptionStarted('messageReceived');
    metrics.server.eventSent('messageReceived');
    metrics.server.limitHit('sends');
    metrics.server.originRefused('ws');
    metrics.server.tokenRefused('ws');
    metrics.server.refused(404);
    metrics.sent('sent', 1);
    metrics.securityEvent('logged-in');
    metrics.fault('directory');
    const page = await pageOf(metrics);
    for (const { name, labels } of rows) {
      const sample = page.find((line) => new RegExp(`^${name}(_count)?[ {]`).test(line));
      const found = [...(sample ?? '').matchAll(/(\w+)="/g)].map(([, label]) => label as string);
      expect([name, found.sort()]).toEqual([name, labels]);
    }
  });
});

describe('the metrics page', () => {
  it('shows counts, and durations in seconds', async () => {
    const metrics = watched();
    metrics.sent('sent', 2);
    metrics.delivered(30);
    metrics.swept(7);
    const page = await pageOf(metrics);
    expect(page).toContain('heliograph_sends_total{outcome="sent"} 1');
    expect(page).toContain('heliograph_send_duration_seconds_sum 0.002');
    expect(page).toContain('heliograph_delivery_latency_seconds_bucket{le="0.025"} 0');
    expect(page).toContain('heliograph_delivery_latency_seconds_bucket{le="0.05"} 1');
    expect(page).toContain('heliograph_fanout_swept_total 7');
  });

  it('reads gauges when it is asked for', async () => {
    let online = 5;
    const metrics = watched({ online: () => online });
    expect(await pageOf(metrics)).toContain('heliograph_presence_online 5');
    online = 6;
    const page = await pageOf(metrics);
    expect(page).toContain('heliograph_presence_online 6');
    expect(page).toContain('heliograph_store_pending_calls 3');
    expect(page).toContain('heliograph_store_journal_backlog 4');
  });

  it('is served even while a component is unavailable', async () => {
    const page = await pageOf(watched({ storeBacklog: () => Promise.reject(new Error('no answer')) }));
    expect(page).toContain('heliograph_store_journal_backlog Nan');
    expect(page).toContain('heliograph_presence_online 5');
  });

  it('has help for every metric, and the process beside its own', async () => {
    const metrics = watched();
    const page = await pageOf(metrics);
    for (const name of metrics.names()) expect(page.some((line) => line.startsWith(`# HELP ${name} `))).toBe(true);
    expect(metrics.names()).toEqual(
      expect.arrayContaining(['nodejs_eventloop_lag_seconds', 'process_cpu_seconds_total']),
    );
  });

  it('keeps the codes that clients close with from becoming labels', async () => {
    const metrics = watched();
    for (let code = 3_000; code < 4_400; code += 1) metrics.server.socketClosed(code);
    for (const code of [1000, 1006, 1012, 4403]) metrics.server.socketClosed(code);
    const closes = (await pageOf(metrics)).filter((line) => line.startsWith('heliograph_socket_closes_total{'));
    expect(closes.sort()).toEqual([
      'heliograph_socket_closes_total{code="1000"} 1',
      'heliograph_socket_closes_total{code="1006"} 1',
      'heliograph_socket_closes_total{code="1012"} 1',
      'heliograph_socket_closes_total{code="4403"} 1',
      'heliograph_socket_closes_total{code="other"} 1400',
    ]);
  });

  it('belongs to one server: two in a process do not share counts', async () => {
    const [first, second] = [watched(), watched()];
    first.swept(1);
    expect(await pageOf(second)).toContain('heliograph_fanout_swept_total 0');
  });

  it('keeps live numbers level', async () => {
    const { server, ...metrics } = watched();
    server.socketOpened();
    server.socketOpened();
    server.socketClosed(1000);
    server.subscriptionStarted('presenceChanged');
    server.subscriptionEnded('presenceChanged');
    const page = (await metrics.page()).body.split('\n');
    expect(page).toContain('heliograph_live_sockets 1');
    expect(page).toContain('heliograph_live_subscriptions{field="presenceChanged"} 0');
  });
});
