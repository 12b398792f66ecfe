import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { type Dump, openDump, type Platform } from '@kcrash/vmcore/dump';
import { planPages } from '@kcrash/vmcore/pages/plan';
import { makeCase } from './case.ts';
import { exercise } from './exercise.ts';
import { exercisePlan, healthyPages } from './exercise_plan.ts';
import type { Job, Subject } from './run_cases.ts';
import { makeSample, type Sample } from './sample.ts';

/** What reading dumps needs of a machine. */
export interface DumpPlatform {
  readonly platform: Platform;
  open(path: string): ByteSource;
}

/** Damaged dumps, read by the library in this process. */
export function dumpSubject({ platform, open }: DumpPlatform, job: Job): Subject {
  const reading = (sample: Sample, files: readonly ByteSource[]) => ({
    sample: sample.name,
    read: () => exercise(files, platform).outcome,
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

/** Damaged dumps, of which it is planned what a smaller dump would keep. */
export function planSubject({ platform, open }: DumpPlatform, job: Job): Subject {
  const reading = (sample: Sample, files: readonly ByteSource[]) => ({
    sample: sample.name,
    read: () => {
      let dump: Dump;
      try {
        dump = openDump(files, platform);
      } catch (error) {
        if (error instanceof DumpError) return 'refused';
        throw error;
      }
      return exercisePlan(dump, healthy.get(sample));
    },
  });
  const samples = job.samples.map((paths) =>
    makeSample(baseName(paths[0] ?? ''), paths.map(open), planPages),
  );
  const healthy = new Map(samples.map((sample) => [sample, healthyPages(openDump(sample.files, platform))]));
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
