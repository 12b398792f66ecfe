import type { ClassMap } from './class_map.ts';
import { classSet } from './classification.ts';
import type { FlagPassResult } from './map_pass.ts';
import { classIndex } from './page_class.ts';

const MEMORY_MAP = classIndex('memory map');
const EXCLUDED_MAP = classIndex('memory map of excluded');

/**
 * A page of the memory map is worth more where it describes a page that is kept: of a class whose entry in `kept` is
 * not 0.
 */
export function splitMemoryMap(
  classes: ClassMap,
  { mapRuns, perMapFrame }: Pick<FlagPassResult, 'mapRuns' | 'perMapFrame'>,
  kept: Uint8Array,
): void {
  const wanted = kept.slice();
  wanted[MEMORY_MAP] = 0;
  wanted[EXCLUDED_MAP] = 0;
  const nextKept = classes.nextOf(wanted);
  const exclude = classes.replacing(classSet('memory map'), EXCLUDED_MAP);
  for (const run of mapRuns) exclude(run);
  for (const { start, end, describes } of mapRuns) {
    const last = describes + (end - start) * perMapFrame;
    for (let frame = nextKept(describes, last); frame < last; ) {
      const page = Math.floor((frame - describes) / perMapFrame);
      if (classes.get(start + page) === EXCLUDED_MAP) classes.set(start + page, MEMORY_MAP);
      frame = nextKept(describes + (page + 1) * perMapFrame, last);
    }
  }
}
