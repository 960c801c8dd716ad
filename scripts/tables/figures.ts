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
      `Durable sends a second, each delivered live; ${sends.pairs} pairs of users, one message in flight each`,
      `**${whole(maximum.perSecond)}**, ${whole(maximum.cpuMicrosPerMessage)} µs of processor each`,
      `bare ws: ${whole(floors.webSocketEchoPerSecond)} echoes a second; bare SQLite, 200 messages in a batch: ${whole(floors.sqliteRowsPerSecond)}; graphql-js alone: ${whole(floors.graphqlExecuteMicros)} µs for the send`,
    ],
    [
      'Until the other has it, at that rate',
      `${ms(maximum.deliveryMs.p50)}, p99 ${ms(maximum.deliveryMs.p99)}`,
      `a commit of one, flushed: ${ms(floors.commitMicros.FULL[1] / 1000)}`,
    ],
    [
      `The same at half the rate, ${whole(half.perSecond)} a second`,
      `${ms(half.deliveryMs.p50)}, p99 ${ms(half.deliveryMs.p99)}`,
      '',
    ],
    ...group.map((one) => [
      `A group's message at the last of ${whole(one.subscribers)} live subscribers`,
      `${ms(one.lastArrivalMs.p50)}, p99 ${ms(one.lastArrivalMs.p99)}; ${one.cpuMicrosPerDelivery.toFixed(1)} µs of processor for each`,
      `bare ws: ${echoMicros.toFixed(1)} µs for an echo`,
    ]),
    [
      `Pulling ${whole(pull.messages)} missed messages, 500 a page`,
      `${ms(pull.seconds * 1000)}`,
      `${(pull.messagesPerSecond / floors.sqliteRowsPerSecond).toFixed(1)} times the rate at which bare SQLite writes them`,
    ],
    [
      `An idle connection with a live stream, of ${whole(idle.connections)}`,
      `${idle.kibPerConnection.toFixed(1)} KiB; each further one ${idle.kibPerFurtherConnection.toFixed(1)} KiB`,
      `bare ws: ${floors.webSocketIdleKib.toFixed(1)} KiB`,
    ],
    ['From start to ready', ms(start.medianMs), `Node alone: ${ms(floors.nodeStartMs)}`],
  ];
  return markdownTable(['what', 'Heliograph', 'beside it'], rows);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : whole(value)} ms`;
}
