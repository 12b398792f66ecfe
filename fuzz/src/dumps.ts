import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import type { Codecs } from '@kcrash/vmcore/codecs/codec';
import { makeCase } from './case.ts';
import { exercise } from './exercise.ts';
import type { Job, Subject } from './run_cases.ts';
import { makeSample, type Sample } from './sample.ts';

/** What reading dumps needs of a machine. */
export interface DumpPlatform {
  readonly codecs: Partial<Codecs>;
  open(path: string): ByteSource;
}

/** Damaged dumps, read by the library in this process. */
export function dumpSubject({ codecs, open }: DumpPlatform, job: Job): Subject {
  const reading = (sample: Sample, files: readonly ByteSource[]) => ({
    sample: sample.name,
    read: () => exercise(files, codecs).outcome,
  });
  const samples = job.samples.map((paths) => makeSample(baseName(paths[0] ?? ''), paths.map(open)));
  return {
    samples: samples.map((sample) => reading(sample, sample.files)),
    makeCase: (number) => {
      const { sample, files, damage } = makeCase(samples, job.seed, number);
      return { ...reading(sample, files), damage, undamaged: reading(sample, sample.files) };
    },
  };
}

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
