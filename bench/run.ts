/**
 * All of the measurements, one after the other, with their floors: prints a table and keeps the figures in `bench/results`.
 *
 *   npm run bench [-- sends group pull idle scaling requests layers start floors] [against=FOLDER]
 *   npm run bench -- mongo
 *
 * `mongo` needs mongod, and runs only when it is named.
 *
 * `against` is another checkout with its packages, which `requests` compares with this one.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { measureFloors } from './floors.ts';
import { measureGroup } from './group.ts';
import { measureHttpLayers } from './http-layers.ts';
import { measureIdle } from './idle.ts';
import { measureMongo } from './mongo.ts';
import { measurePull } from './pull.ts';
import { measureRequests } from './requests.ts';
import { measureScaling } from './scaling.ts';
import { atRate, closedLoop, openPairs } from './sends.ts';
import { median } from './support/raw-client.ts';
import { startBenchServer } from './support/server-process.ts';

const core = 0;
const against = process.argv.find((argument) => argument.startsWith('against='))?.slice('against='.length);
const wanted = new Set(process.argv.slice(2).filter((argument) => !argument.startsWith('against=')));
const isWanted = (name: string) => wanted.size === 0 || wanted.has(name);
const results: Record<string, unknown> = {};

async function part(name: string, run: () => Promise<unknown>): Promise<void> {
  if (!isWanted(name)) return;
  console.log(`\n${name} …`);
  results[name] = await run();
  console.log(
    JSON.stringify(
      results[name],
      (_key, value) => (typeof value === 'number' ? Number(value.toPrecision(4)) : value),
      2,
    ),
  );
}

await part('floors', () => measureFloors(core));
await part('sends', async () => {
  await using server = await startBenchServer({ core });
  const pairs = await openPairs(server, 200);
  await closedLoop(server, pairs, 5);
  const maximum = await closedLoop(server, pairs, 10);
  const half = await atRate(server, pairs, 10, maximum.perSecond / 2);
  for (const { sender, receiver } of pairs) {
    sender.close();
    receiver.close();
  }
  return { pairs: pairs.length, maximum, half };
});
await part('group', async () => {
  const figures = [];
  for (const subscribers of [1_000, 2_000]) {
    await using server = await startBenchServer({ core });
    figures.push(await measureGroup(server, subscribers, 100));
  }
  return figures;
});
await part('pull', async () => {
  await using server = await startBenchServer({ core });
  return await measurePull(server, 10_000);
});
await part('idle', async () => {
  await using server = await startBenchServer({ core });
  return await measureIdle(server, 15_000);
});
await part('scaling', () => measureScaling(core));
await part('requests', () => {
  const own = fileURLToPath(new URL('../', import.meta.url));
  return measureRequests(core, against === undefined ? { now: own } : { before: resolve(against), now: own });
});
await part('layers', measureHttpLayers);
if (wanted.has('mongo')) await part('mongo', () => measureMongo({ server: core, mongod: 1 }));
await part('start', async () => {
  const times = [];
  for (let index = 0; index < 5; index += 1) {
    await using server = await startBenchServer({ core });
    times.push(server.startMs);
  }
  return { medianMs: median(times) };
});

const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const machine = {
  cpu: os.cpus()[0]?.model,
  cores: os.cpus().length,
  memoryGib: Math.round(os.totalmem() / 2 ** 30),
  node: process.version,
  kernel: os.release(),
};
const folder = new URL('results/', import.meta.url);
mkdirSync(folder, { recursive: true });
const name = `${new Date().toISOString().slice(0, 16).replace(':', '')}-${commit}-${wanted.size === 0 ? 'all' : [...wanted].join('-')}.json`;
writeFileSync(
  new URL(name, folder),
  `${JSON.stringify({ at: new Date().toISOString(), commit, machine, results }, null, 2)}\n`,
);
console.log(`\nkept in bench/results/${name}`);
process.exit(0);
