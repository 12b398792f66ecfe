import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u32 } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';

/** Who a task acts as: C `struct cred`. Numbers are the kernel's own, as seen from the initial user namespace. */
export interface Credentials {
  readonly uid: number;
  readonly euid: number;
  readonly suid: number;
  readonly fsuid: number;
  readonly gid: number;
  readonly egid: number;
  readonly sgid: number;
  readonly fsgid: number;
  /** Supplementary groups. */
  readonly groups: readonly number[];
  /** Masks of `CAP_…` numbers. */
  readonly capabilities: {
    readonly inheritable: bigint;
    readonly permitted: bigint;
    readonly effective: bigint;
    readonly bounding: bigint;
    readonly ambient: bigint;
  };
  /** C `struct user_namespace *`. */
  readonly userNamespace: VirtualAddress;
}

const ID = (name: string) => field.number(`${name}.val`);
/** One 64-bit value since 6.3 (f122a08b197d), an array of two halves before: the same bytes on x86_64. */
const CAPABILITIES = (name: string) => field.address(name);

const CRED = {
  uid: ID('uid'),
  euid: ID('euid'),
  suid: ID('suid'),
  fsuid: ID('fsuid'),
  gid: ID('gid'),
  egid: ID('egid'),
  sgid: ID('sgid'),
  fsgid: ID('fsgid'),
  inheritable: CAPABILITIES('cap_inheritable'),
  permitted: CAPABILITIES('cap_permitted'),
  effective: CAPABILITIES('cap_effective'),
  bounding: CAPABILITIES('cap_bset'),
  ambient: CAPABILITIES('cap_ambient'),
  userNamespace: field.pointer('user_ns'),
  groupInfo: field.pointer('group_info'),
};

/** `NGROUPS_MAX`. */
const MOST_GROUPS = 65536;

/**
 * Credentials by their address (`Task.cred`). Throws `bad-format` for more groups than there can be, and what
 * reading memory throws.
 */
export function readCredentials(dump: Dump, address: VirtualAddress): Credentials {
  const { inheritable, permitted, effective, bounding, ambient, groupInfo, ...ids } = dump.reader(
    'cred',
    CRED,
  )(address);
  const mask = (at: VirtualAddress) => dump.memory.u64Big(at);
  return {
    ...ids,
    groups: groupInfo === 0n ? [] : readGroups(dump, groupInfo),
    capabilities: {
      inheritable: mask(inheritable),
      permitted: mask(permitted),
      effective: mask(effective),
      bounding: mask(bounding),
      ambient: mask(ambient),
    },
  };
}

const GROUPS = { count: field.number('ngroups'), first: field.address('gid') };

function readGroups(dump: Dump, address: VirtualAddress): number[] {
  const { count, first } = dump.reader('group_info', GROUPS)(address);
  if (count < 0 || count > MOST_GROUPS) {
    throw new DumpError(
      'bad-format',
      `A struct group_info has ${count} groups: at most ${MOST_GROUPS} are possible`,
      {
        count,
      },
    );
  }
  return Array.from({ length: count }, (_, n) => u32(dump.memory.read(addTo(first, n * 4), 4), 0));
}
