import { describe, expect, it } from 'vitest';
import { findViolations } from './checks.ts';
import { mutants } from './mutants.ts';
import { type Mutant, World } from './world.ts';

const runs = Number(process.env.MODEL_RUNS ?? 2_000);
const onlySeed = process.env.MODEL_SEED;
const sendsPerRun = 12;
/** Every mutant must be noticed within so many histories. */
const mutantRunsMax = 400;

async function play(seed: number, mutant: Mutant | null): Promise<{ world: World; violations: string[] }> {
  const world = new World(seed, mutant);
  try {
    await world.play(sendsPerRun);
  } catch (error) {
    return { world, violations: [String(error)] };
  }
  return { world, violations: await findViolations(world) };
}

describe('log and inbox under any interleaving, crash, clock and resend', () => {
  it(`keep every invariant (${runs} histories)`, async () => {
    let answered = 0;
    for (
      let seed = onlySeed === undefined ? 1 : Number(onlySeed);
      seed <= runs || seed === Number(onlySeed);
      seed += 1
    ) {
      const { world, violations } = await play(seed, null);
      expect(violations, `MODEL_SEED=${seed}\n${world.history.join('\n')}`).toEqual([]);
      answered += world.answered.length;
      if (onlySeed !== undefined) return;
    }
    // A model in which nothing gets through would hold, too.
    expect(answered).toBeGreaterThan(runs * sendsPerRun * 0.5);
  }, 600_000);

  it.each(mutants)(
    'break without a guard: $name',
    async (mutant) => {
      let noticed: string[] = [];
      for (let seed = 1; seed <= mutantRunsMax && noticed.length === 0; seed += 1)
        noticed = (await play(seed, mutant)).violations;
      expect(noticed).not.toEqual([]);
    },
    120_000,
  );
});
