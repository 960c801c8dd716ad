/** The delivery model notices when a place of the services takes a member list of any version, or a change lacks its own key. */
import { afterEach, expect, it, vi } from 'vitest';
import { findDeliveryViolations } from './delivery-checks.ts';
import { type DeliveryMutant, DeliveryWorld } from './delivery-world.ts';
import { ignored, membershipMutants } from './membership-mutants.ts';

vi.mock('../../src/services/log/conversation-log.ts', async (importOriginal) => {
  const { wrapFactory } = await import('./membership-mutants.ts');
  const original = await importOriginal<typeof import('../../src/services/log/conversation-log.ts')>();
  return { ...original, createConversationLog: wrapFactory(original.createConversationLog, 'append', 'membership') };
});
vi.mock('../../src/services/inbox/fan-out.ts', async (importOriginal) => {
  const { wrapFactory } = await import('./membership-mutants.ts');
  const original = await importOriginal<typeof import('../../src/services/inbox/fan-out.ts')>();
  return { ...original, createFanOut: wrapFactory(original.createFanOut, 'fan-out', 'memberLists') };
});
vi.mock('../../src/services/inbox/inbox-sync.ts', async (importOriginal) => {
  const { wrapFactory } = await import('./membership-mutants.ts');
  const original = await importOriginal<typeof import('../../src/services/inbox/inbox-sync.ts')>();
  return { ...original, createInboxSync: wrapFactory(original.createInboxSync, 'reading', 'memberLists') };
});
vi.mock('../../src/services/messages/history-service.ts', async (importOriginal) => {
  const { wrapFactory } = await import('./membership-mutants.ts');
  const original = await importOriginal<typeof import('../../src/services/messages/history-service.ts')>();
  return { ...original, createHistoryService: wrapFactory(original.createHistoryService, 'reading', 'memberLists') };
});
vi.mock('../../src/services/stream/stream-service.ts', async (importOriginal) => {
  const { wrapFactory } = await import('./membership-mutants.ts');
  const original = await importOriginal<typeof import('../../src/services/stream/stream-service.ts')>();
  return { ...original, createStreamService: wrapFactory(original.createStreamService, 'reading', 'memberLists') };
});

const acts = 40;
/** Every mutant must be noticed within so many histories. */
const runsMax = 1_500;

afterEach(() => ignored.places.clear());

async function violationsOf(seed: number, mutant: DeliveryMutant | null): Promise<string[]> {
  const world = new DeliveryWorld(seed, mutant);
  try {
    await world.play(acts);
  } catch (error) {
    return [String(error)];
  }
  return findDeliveryViolations(world);
}

async function isNoticed(mutant: DeliveryMutant | null): Promise<boolean> {
  for (let seed = 1; seed <= runsMax; seed += 1) if ((await violationsOf(seed, mutant)).length > 0) return true;
  return false;
}

it('holds with the wrappers that the mutants use', async () => {
  for (let seed = 1; seed <= 60; seed += 1) expect(await violationsOf(seed, null), `seed ${seed}`).toEqual([]);
});

it.each(membershipMutants)(
  'breaks when $name',
  async ({ places }) => {
    for (const place of places) ignored.places.add(place);
    expect(await isNoticed(null)).toBe(true);
  },
  300_000,
);

it('breaks when a change has no key of its own', async () => {
  let written = 0;
  const mutant: DeliveryMutant = {
    name: 'a change without a key of its own',
    wrapMessages: (store) => ({
      ...store,
      messageLog: {
        ...store.messageLog,
        append: (appends) =>
          store.messageLog.append(
            appends.map((append) => {
              if ('seal' in append) return append;
              const rows = append.rows.map((row) => {
                written += 1;
                return row.kind === 'SYSTEM'
                  ? { ...row, id: String(10n ** 17n + BigInt(written)), key: `${row.key}/${written}` }
                  : row;
              });
              return { ...append, rows };
            }),
          ),
      },
    }),
  };
  expect(await isNoticed(mutant)).toBe(true);
}, 300_000);
