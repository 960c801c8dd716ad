/** The metrics for operators, for Prometheus. `docs/operation.md` explains each one; a test keeps the two equal. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type { SecurityEventName } from '../domain/security-event.ts';
import type { ServerMetrics } from '../server/ports.ts';

/** Values that are read when the page is requested. */
export interface Gauges {
  readonly sendQueue: () => number;
  readonly fanOutPending: () => Promise<number>;
  /** Seconds. */
  readonly inboxLag: () => Promise<number>;
  readonly storePending: () => number;
  readonly storeBacklog: () => Promise<number>;
  readonly storeSetAside: () => Promise<number>;
  readonly online: () => number;
  readonly answerBytes: () => number;
  readonly passwordsWaiting: () => number;
}

export type Metrics = ReturnType<typeof createMetrics>;

const secondsBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export function createMetrics(version: string) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  new Gauge({
    name: 'heliograph_build_info',
    help: 'Always 1, with the versions that run.',
    labelNames: ['version', 'node_version'],
    registers,
  }).set({ version, node_version: process.version }, 1);
  const counter = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Counter({ name: `heliograph_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(name: string, help: string, labelNames: readonly Label[] = []) =>
    new Histogram({ name: `heliograph_${name}`, help, labelNames, registers, buckets: secondsBuckets });

  const sends = counter('sends_total', 'Sends by outcome: sent, resend, or the code of the error.', ['outcome']);
  const sendSeconds = histogram('send_duration_seconds', 'Time from a send to its answer.');
  const deliverySeconds = histogram(
    'delivery_latency_seconds',
    'Time from the commit of a message to its delivery to a live socket.',
  );
  const operations = counter('operations_total', 'Operations by transport, type and outcome.', [
    'transport',
    'type',
    'code',
  ]);
  const operationSeconds = histogram('operation_duration_seconds', 'Duration of queries and mutations.', [
    'transport',
    'type',
  ]);
  const connections = new Gauge({
    name: 'heliograph_connections',
    help: 'Open TCP connections of clients, for HTTP and WebSockets.',
    registers,
  });
  const liveSockets = new Gauge({ name: 'heliograph_live_sockets', help: 'Open WebSockets.', registers });
  const socketCloses = counter('socket_closes_total', 'Closed WebSockets by close code.', ['code']);
  const liveSubscriptions = new Gauge({
    name: 'heliograph_live_subscriptions',
    help: 'Running subscriptions by field.',
    labelNames: ['field'],
    registers,
  });
  const events = counter('events_sent_total', 'Events sent to subscribers by field.', ['field']);
  const limits = counter('limits_hit_total', 'Refusals by the limit that was exceeded.', ['limit']);
  const originsRefused = counter(
    'origins_refused_total',
    'Requests and handshakes of web pages whose origin is not allowed.',
    ['transport'],
  );
  const refusals = counter('http_refusals_total', 'HTTP requests and handshakes answered with an error status.', [
    'status',
  ]);
  const tokensRefused = counter('tokens_refused_total', 'Requests and sockets with an invalid token.', ['transport']);
  const slowReaders = counter(
    'slow_readers_total',
    'Sockets and HTTP connections closed because their client read too slowly.',
  );
  const swept = counter('fanout_swept_total', 'Messages whose fan-out a sweep finished.');
  const securityEvents = counter('security_events_total', 'Security events of accounts, by their name.', ['event']);
  const faults = counter('faults_total', 'Failures of background tasks, by the component that detected them.', [
    'what',
  ]);

  const server: ServerMetrics = {
    operationDone({ transport, type, code }, ms) {
      operations.inc({ transport, type, code });
      operationSeconds.observe({ transport, type }, ms / 1000);
    },
    connectionOpened: () => connections.inc(),
    connectionClosed: () => connections.dec(),
    socketOpened: () => liveSockets.inc(),
    socketClosed(code) {
      liveSockets.dec();
      // Clients choose their own codes from 3000 and 4000 upwards: only the usual codes get labels of their own.
      socketCloses.inc({ code: code < 3000 || (code >= 4400 && code < 4500) ? String(code) : 'other' });
    },
    subscriptionStarted: (field) => liveSubscriptions.inc({ field }),
    subscriptionEnded: (field) => liveSubscriptions.dec({ field }),
    eventSent: (field) => events.inc({ field }),
    limitHit: (limit) => limits.inc({ limit }),
    originRefused: (transport) => originsRefused.inc({ transport }),
    refused: (status) => refusals.inc({ status }),
    tokenRefused: (transport) => tokensRefused.inc({ transport }),
    slowReader: () => slowReaders.inc(),
  };

  return {
    server,
    sent(outcome: string, ms: number): void {
      sends.inc({ outcome });
      sendSeconds.observe(ms / 1000);
    },
    delivered: (ms: number) => deliverySeconds.observe(ms / 1000),
    swept: (count: number) => swept.inc(count),
    securityEvent: (event: SecurityEventName) => securityEvents.inc({ event }),
    fault: (what: string) => faults.inc({ what }),
    /** Adds the values that are read on demand. */
    watch(gauges: Gauges): void {
      const gauge = (name: string, help: string, read: () => number | Promise<number>) =>
        new Gauge({
          name: `heliograph_${name}`,
          help,
          registers,
          async collect() {
            // An unavailable component must not make the whole page fail just when the page is needed.
            const value = await Promise.resolve(read()).catch(() => Number.NaN);
            this.set(value);
          },
        });
      gauge('send_queue_depth', 'Accepted sends waiting to be written.', gauges.sendQueue);
      gauge('fanout_pending', 'Committed messages not yet recorded as fanned out.', gauges.fanOutPending);
      gauge('inbox_lag_seconds', 'Age of the oldest message that is not in every inbox yet.', gauges.inboxLag);
      gauge('store_pending_calls', 'Calls to the message store without an answer yet.', gauges.storePending);
      gauge('store_journal_backlog', 'Operations in the journal that are not in the tables yet.', gauges.storeBacklog);
      gauge('store_set_aside', 'Committed writes that could not be moved into the tables.', gauges.storeSetAside);
      gauge('answer_bytes', 'Bytes of rows and answers that operations hold.', gauges.answerBytes);
      gauge('password_hashes_waiting', 'Passwords that wait to be hashed.', gauges.passwordsWaiting);
      gauge('presence_online', 'Users who are online.', gauges.online);
    },
    async page() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
    names: () => registry.getMetricsAsArray().map(({ name }) => name),
  };
}
