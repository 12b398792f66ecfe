import type { ByteSink } from './bytes/byte_sink.ts';
import { DumpError } from './bytes/errors.ts';
import { utf8Bytes } from './bytes/text.ts';
import type { PagePacker } from './codecs/page_packer.ts';
import { recordNote } from './container/kdump_record.ts';
import { type KdumpOutcome, type WriteProgress, writeKdump } from './container/kdump_writer.ts';
import type { DumpNames } from './container/kdump_writer_header.ts';
import type { Dump } from './dump.ts';
import { readUts } from './kernel/uts.ts';
import type { PagePlan } from './pages/page_plan.ts';

/** How a dump is written. */
export interface WriteOptions {
  /** Compresses the pages; made for the dump's page size. The caller closes it. */
  readonly packer: PagePacker;
  /** The program that writes, for the record: `kcrash 0.1.0`. */
  readonly writer: string;
  /** When it is written, in seconds since the epoch. */
  readonly timestamp: number;
  /** The file grows no larger than this; what does not fit is left out by worth, least first. */
  readonly budgetBytes?: number | undefined;
}

/** What was written. */
export interface DumpSummary extends KdumpOutcome {
  /** Bytes of users that were overwritten inside of kept pages. */
  readonly scrubbedBytes: number;
}

/** Pages of user data, free memory, caches and zeros are left out: all that makedumpfile's `-d` has. */
const EVERYTHING_EXCLUDED = 31;

/**
 * Writes a dump with the pages of a plan, as a kdump-compressed file that crash, drgn and libkdumpfile read. The
 * steps tell how far it is; whoever takes them can stop at any, and a file that is not whole is no dump. Throws
 * `no-room` where the headers alone are over the budget, and what the source, the plan and the sink throw.
 */
export function* writeDump(
  dump: Dump,
  plan: PagePlan,
  sink: ByteSink,
  options: WriteOptions,
): Generator<WriteProgress, DumpSummary> {
  const { container, physical, vmcoreinfo } = dump;
  const { scrub } = plan;
  const outcome = yield* writeKdump(
    {
      memory: physical,
      notes: container.notes,
      vmcoreinfo: container.vmcoreinfo ?? utf8Bytes(vmcoreinfo.text),
      names: namesOf(dump),
      physicalBase: vmcoreinfo.findNumber('phys_base') ?? 0n,
      timestamp: options.timestamp,
      dumpLevel: EVERYTHING_EXCLUDED,
      tiers: plan.tiers,
      scrub: scrub.bytes === 0 ? undefined : scrub,
      record: (tiers) =>
        recordNote({
          writer: options.writer,
          budgetBytes: options.budgetBytes,
          tiers,
          more: planLines(plan),
        }),
    },
    sink,
    options,
  );
  return { ...outcome, scrubbedBytes: scrub.bytes };
}

/** What of the machine's memory the plan left out and why, and what it overwrote. */
function planLines({ classes, scrub }: PagePlan): string[] {
  const known = classes.filter(({ pages }) => pages > 0);
  return [
    ...known.map(({ class: name, pages, kept }) => `CLASS(${name})=${pages} ${kept}`),
    ...[...scrub.owners].map(([owner, ranges]) => `SCRUBBED(${owner})=${ranges}`),
  ];
}

/** The kernel's own names; where it does not describe them, what VMCOREINFO has. */
function namesOf(dump: Dump): DumpNames {
  try {
    return readUts(dump);
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    const { machine } = dump.container;
    const release = dump.vmcoreinfo.osRelease;
    return { sysname: 'Linux', nodename: '', release, version: '', machine, domainname: '' };
  }
}
