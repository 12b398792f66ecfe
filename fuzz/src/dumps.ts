import type { ByteSource } from '@kcrash/vmcore/bytes/byte_source';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { plainPacker } from '@kcrash/vmcore/codecs/page_packer';
import { type Dump, openDump, type Platform } from '@kcrash/vmcore/dump';
import { planPages } from '@kcrash/vmcore/pages/plan';
import { writeDump } from '@kcrash/vmcore/write_dump';
import { FileInMemory, runToEnd } from '../../packages/vmcore/test/file_in_memory.ts';
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

/**
 * What a plan keeps of a dump, in memory and not compressed: to decompress it took half the time of a case, and other
 * targets damage compressed pages.
 */
function unpacked(sources: readonly ByteSource[], platform: Platform): ByteSource[] {
  const dump = openDump(sources, platform);
  const file = new FileInMemory();
  const packer = plainPacker(dump.physical.pageSize);
  const plan = planPages(dump, { scrub: false });
  runToEnd(writeDump(dump, plan, file, { packer, writer: 'kcrash fuzz', timestamp: 0 }));
  return [inMemory(file.bytes)];
}

/** Bytes that are lent, not copied. */
function inMemory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) => {
      if (offset >= 0 && length >= 0 && offset + length <= bytes.length) {
        return bytes.subarray(offset, offset + length);
      }
      throw new DumpError('out-of-bounds', `Wanted [${offset}, ${offset + length}) of ${bytes.length} bytes`);
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
    makeSample(baseName(paths[0] ?? ''), unpacked(paths.map(open), platform), planPages),
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
