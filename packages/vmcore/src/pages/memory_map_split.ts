import type { Frame } from '../bytes/address.ts';
import type { ClassMap } from './class_map.ts';
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
  {
    mapFrames,
    mapDescribes,
    perMapFrame,
  }: Pick<FlagPassResult, 'mapFrames' | 'mapDescribes' | 'perMapFrame'>,
  kept: Uint8Array,
): void {
  const isMap = (value: number) => value === MEMORY_MAP || value === EXCLUDED_MAP;
  const wanted = kept.slice();
  wanted[MEMORY_MAP] = 0;
  wanted[EXCLUDED_MAP] = 0;
  const describesKept = classes.anyOf(wanted);
  for (const frame of mapFrames) if (isMap(classes.get(frame))) classes.set(frame, EXCLUDED_MAP);
  for (let n = 0; n < mapFrames.length; n++) {
    const frame = mapFrames[n] as Frame;
    if (classes.get(frame) !== EXCLUDED_MAP) continue;
    if (describesKept(mapDescribes[n] as Frame, perMapFrame)) classes.set(frame, MEMORY_MAP);
  }
}
