import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodePlatform } from '@kcrash/vmcore/compiled/platform.node';
import type { PhysicalMemory } from '@kcrash/vmcore/physical_memory';
import { openVmcore } from '@kcrash/vmcore/vmcore';
import { canariesIn } from './canaries.ts';

/** The page frames of a dump that hold a canary, by class. */
export function searchDump(path: string): Map<string, number[]> {
  const source = new FileSource(path);
  try {
    return searchMemory(openVmcore(source, nodePlatform).physical);
  } finally {
    source.close();
  }
}

function searchMemory(memory: PhysicalMemory): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (let frame = memory.nextHeld(0); frame < memory.frameLimit; frame = memory.nextHeld(frame + 1)) {
    const page = memory.page(frame);
    if (typeof page === 'string') continue;
    for (const name of canariesIn(page)) {
      const frames = found.get(name);
      if (frames === undefined) found.set(name, [frame]);
      else frames.push(frame);
    }
  }
  return found;
}
