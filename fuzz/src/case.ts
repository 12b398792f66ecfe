import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { bombs } from './bombs.ts';
import { FILE_DAMAGE } from './damage_file.ts';
import { MEMORY_DAMAGE } from './damage_memory.ts';
import { MemoryWriter } from './memory_writer.ts';
import { Overlay } from './overlay.ts';
import { caseSeed, Random } from './random.ts';
import type { Sample } from './sample.ts';

/** A damaged dump. */
export interface Case {
  readonly sample: Sample;
  readonly files: readonly ByteSource[];
  /** What was done to it, one phrase each. */
  readonly damage: readonly string[];
}

/** Makes a case of a run: the same for the same samples, seed and number. */
export function makeCase(samples: readonly Sample[], seed: number, number: number): Case {
  const random = new Random(caseSeed(seed, number));
  const sample = random.pick(samples);
  const files = sample.files.map((file) => new Overlay(file));
  const hurt = random.below(files.length);
  const file = files[hurt] as Overlay;
  const layout = sample.layouts[hurt];
  if (layout === undefined) throw new Error(`The sample ${sample.name} has no files`);
  const damage: string[] = [];
  // Damage to headers mostly ends in a refusal: most cases leave them alone, where memory can be hurt.
  if (sample.target !== undefined && random.chance(60)) {
    const writer = new MemoryWriter(
      file,
      layout,
      sample.files[hurt] as ByteSource,
      sample.target.trace.memory.physical,
    );
    const kinds = layout.format === 'kdump' ? [...MEMORY_DAMAGE, bombs] : MEMORY_DAMAGE;
    for (let n = random.few(4); n > 0; n--) damage.push(random.pick(kinds)(writer, sample.target, random));
  } else {
    for (let n = random.few(4); n > 0; n--) damage.push(random.pick(FILE_DAMAGE)(file, layout, random));
  }
  return { sample, files, damage };
}
