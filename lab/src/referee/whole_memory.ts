import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, runScenario } from '../run.ts';
import type { Scenario } from '../scenario.ts';
import { WHOLE_MEMORY } from '../scenarios/parts.ts';

/** A scenario's crash, of which the capture boot keeps the whole memory; nothing else is checked. */
function keepingMemory(scenario: Scenario, copy: string): Scenario {
  return {
    ...scenario,
    name: `${scenario.name}-whole`,
    cycles: scenario.cycles.map((cycle) => ({ ...cycle, beforeCollect: copy })),
    check(run, checks) {
      const entry = run.cycles[0]?.persist.find('/vmcore');
      const least = run.guest.memoryMib * 2 ** 19;
      checks.at('/vmcore').that((entry?.size ?? 0) > least, `more than ${least} bytes`, entry?.size);
    },
  };
}

/**
 * Crashes a guest and returns the path of the whole memory of that crash, an ELF file. `copy` is shell for the capture
 * boot that leaves it as `/persist/vmcore`.
 */
export async function wholeMemoryOf(scenario: Scenario, bench: Bench, copy = WHOLE_MEMORY): Promise<string> {
  const keeping = keepingMemory(scenario, copy);
  const { failures } = await runScenario(keeping, { ...bench, keep: true });
  if (failures.length > 0) throw new Error(`${keeping.name}: ${failures.join('; ')}`);
  const folder = join(bench.out, keeping.name);
  for (const name of readdirSync(folder)) if (name.endsWith('.img')) rmSync(join(folder, name));
  return join(folder, 'persist-1', 'vmcore');
}
