/** The README's table of figures, made from the newest run of all measurements. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Floors } from '../../bench/floors.ts';
import type { GroupFigures } from '../../bench/group.ts';
import type { IdleFigures } from '../../bench/idle.ts';
import type { PullFigures } from '../../bench/pull.ts';
import type { SendFigures } from '../../bench/sends.ts';
import { markdownTable } from './markdown.ts';

export interface Run {
  readonly commit: string;
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly results: {
    readonly floors: Floors;
    readonly sends: { readonly pairs: number; readonly maximum: SendFigures; readonly half: SendFigures };
    readonly group: readonly GroupFigures[];
    readonly pull: PullFigures;
    readonly idle: IdleFigures;
    readonly start: { readonly medianMs: number };
  };
}

const folder = new URL('../../bench/results/', import.meta.url);

/** The newest result that holds all parts. Names begin with the time. */
export function newestRun(): Run {
  const names = readdirSync(folder).filter((name) => name.endsWith('-all.json'));
  return JSON.parse(readFileSync(new URL(names.sort().at(-1) as string, folder), 'utf8')) as Run;
}

export function figuresTable({ results: { floors, sends, group, pull, idle, start } }: Run): string {
  const { maximum, half } = sends;
  const echoMicros = 1e6 / floors.webSocketEchoPerSecond;
  const rows = [
    [
      `Durable sends per second, each delivered live; ${sends.pairs} pairs of users with one message in flight each`,
      `**${whole(maximum.perSecond)}**, ${whole(maximum.cpuMicrosPerMessage)} µs of CPU time each`,
      `bare ws: ${whole(floors.webSocketEchoPerSecond)} echoes per second; bare SQLite, 200 messages in a batch: ${whole(floors.sqliteRowsPerSecond)}; graphql-js alone: ${whole(floors.graphqlExecuteMicros)} µs for the send`,
    ],
    [
      'Send to arrival at the other user (p50), at that rate',
      `${ms(maximum.deliveryMs.p50)}, p99 ${ms(maximum.deliveryMs.p99)}`,
      `commit of one message, flushed: ${ms(floors.commitMicros.FULL[1] / 1000)}`,
    ],
    [
      `The same at half the rate, ${whole(half.perSecond)} per second`,
      `${ms(half.deliveryMs.p50)}, p99 ${ms(half.deliveryMs.p99)}`,
      '',
    ],
    ...group.map((one) => [
      `Group message to arrival at the last of ${whole(one.subscribers)} live subscribers (p50)`,
      `${ms(one.lastArrivalMs.p50)}, p99 ${ms(one.lastArrivalMs.p99)}; ${one.cpuMicrosPerDelivery.toFixed(1)} µs of CPU time for each`,
      `bare ws: ${echoMicros.toFixed(1)} µs for an echo`,
    ]),
    [
      `Pulling ${whole(pull.messages)} missed messages, 500 per page`,
      `${ms(pull.seconds * 1000)}`,
      `${(pull.messagesPerSecond / floors.sqliteRowsPerSecond).toFixed(1)} times the rate of bare SQLite writing them`,
    ],
    [
      `Memory per idle connection with a live stream, with ${whole(idle.connections)} open`,
      `${idle.kibPerConnection.toFixed(1)} KiB; each additional one ${idle.kibPerFurtherConnection.toFixed(1)} KiB`,
      `bare ws: ${floors.webSocketIdleKib.toFixed(1)} KiB`,
    ],
    ['Start to ready', ms(start.medianMs), `Node alone: ${ms(floors.nodeStartMs)}`],
  ];
  return markdownTable(['measurement', 'Heliograph', 'for comparison'], rows);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : whole(value)} ms`;
}
