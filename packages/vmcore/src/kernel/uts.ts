import { addTo } from '../bytes/address.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';

/** What `uname` tells of a machine (C `struct new_utsname`). */
export interface Uts {
  /** `Linux`. */
  readonly sysname: string;
  /** The host's name. */
  readonly nodename: string;
  readonly release: string;
  /** Number and date of the build: `#1 SMP PREEMPT_DYNAMIC Debian …`. */
  readonly version: string;
  /** `x86_64`. */
  readonly machine: string;
  /** NIS domain, `(none)` where there is none. */
  readonly domainname: string;
}

const UTS = {
  sysname: field.text('sysname'),
  nodename: field.text('nodename'),
  release: field.text('release'),
  version: field.text('version'),
  machine: field.text('machine'),
  domainname: field.text('domainname'),
};

/** The first UTS namespace's names. Throws `not-described`, and what reading memory throws. */
export function readUts(dump: Dump): Uts {
  const at = addTo(dump.variable('init_uts_ns'), dump.types.offsetof('uts_namespace', 'name'));
  return dump.reader('new_utsname', UTS)(at);
}

/** A banner is a line of some 200 characters. */
const MOST_BANNER = 1024;

/**
 * The line that /proc/version shows: release, who built it, compiler, version. Undefined, and a problem noted,
 * where the kernel does not name it.
 */
export function readBanner(dump: Dump, problems: string[]): string | undefined {
  return attempt(problems, 'Build', () =>
    dump.memory.cString(dump.variable('linux_banner'), MOST_BANNER).trimEnd(),
  );
}
