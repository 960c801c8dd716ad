import { describe, expect, it } from 'vitest';
import { findDeliveryViolations } from './delivery-checks.ts';
import { deliveryMutants } from './delivery-mutants.ts';
import { type DeliveryMutant, DeliveryWorld } from './delivery-world.ts';

const runs = Number(process.env.MODEL_RUNS ?? 3_000);
/** Plays this history alone. */
const onlySeed = process.env.MODEL_SEED === undefined ? null : Number(process.env.MODEL_SEED);
const actsPerRun = 40;
/** Every mutant must be noticed within so many histories. */
const mutantRunsMax = 400;

async function play(
  seed: number,
  mutant: DeliveryMutant | null,
): Promise<{ world: DeliveryWorld; violations: string[] }> {
  const world = new DeliveryWorld(seed, mutant);
  try {
    await world.play(actsPerRun);
  } catch (error) {
    return { world, violations: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
  return { world, violations: await findDeliveryViolations(world) };
}

describe('delivery under any interleaving, crash, clock, loss and change of membership', () => {
  it(`keeps every invariant (${runs} histories)`, async () => {
    let answered = 0;
    for (let seed = onlySeed ?? 1; seed <= (onlySeed ?? runs); seed += 1) {
      const { world, violations } = await play(seed, null);
      expect(violations, `MODEL_SEED=${seed}\n${world.scheduler.history.join('\n')}`).toEqual([]);
      answered += world.sends.filter(({ answer }) => answer !== null).length;
    }
    // A model in which nothing gets through would hold, too.
    if (onlySeed === null) expect(answered).toBeGreaterThan(runs * 8);
  }, 3_600_000);

  it.each(deliveryMutants)(
    'breaks without a guard: $name',
    async (mutant) => {
      let noticed: string[] = [];
      for (let seed = 1; seed <= mutantRunsMax && noticed.length === 0; seed += 1)
        noticed = (await play(seed, mutant)).violations;
      expect(noticed).not.toEqual([]);
    },
    120_000,
  );
});
