import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { type Target, targetOf } from './damage_memory.ts';
import { readAll } from './exercise.ts';
import { type Layout, layoutOf } from './layout.ts';
import { trace } from './trace.ts';

/** An undamaged dump, with what damage needs to know of it. */
export interface Sample {
  readonly name: string;
  /** One file, or those of a split set. */
  readonly files: readonly ByteSource[];
  readonly layouts: readonly Layout[];
  /** What reading looks at in the kernel's memory; undefined where its pages cannot be changed one by one. */
  readonly target: Target | undefined;
}

/** Reads a dump once to learn where it can be hurt. Throws for one that cannot be opened. */
export function makeSample(
  name: string,
  files: readonly ByteSource[],
  read: (dump: Dump) => void = readAll,
): Sample {
  const layouts = files.map(layoutOf);
  return {
    name,
    files,
    layouts,
    target: layouts[0]?.format === 'other' || files.length > 1 ? undefined : target(files, read),
  };
}

function target(files: readonly ByteSource[], read: (dump: Dump) => void): Target | undefined {
  try {
    const found = targetOf(trace(files, read));
    return found.trace.touched.length > 0 ? found : undefined;
  } catch (error) {
    // A dump that has nothing but headers and pages.
    if (error instanceof DumpError && error.code === 'not-described') return undefined;
    throw error;
  }
}
