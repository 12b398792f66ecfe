import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { perCpu } from './percpu.ts';

/** Traffic of a network device, as a line of /proc/net/dev has it. */
export interface NetworkCounters {
  readonly receivedBytes: bigint;
  readonly receivedPackets: bigint;
  readonly receiveErrors: bigint;
  readonly receiveDropped: bigint;
  readonly multicast: bigint;
  readonly sentBytes: bigint;
  readonly sentPackets: bigint;
  readonly sendErrors: bigint;
  readonly sendDropped: bigint;
  readonly collisions: bigint;
}

type Sums = { -readonly [K in keyof NetworkCounters]: bigint };

/** Where the kernel's core finds a device's traffic. */
type Kept = 'device' | 'tstats' | 'dstats' | 'lstats';

const DEVICE = {
  operations: field.pointer('netdev_ops'),
  core: field.optional(field.pointer('core_stats')),
  // Since 6.7 and in stable kernels (34d21de99cea); drivers that set it have the core allocate and count.
  kind: field.optional(field.number('pcpu_stat_type')),
  perCpu: field.pointer('tstats', 'lstats'),
};
const OPERATIONS = { counters64: field.pointer('ndo_get_stats64'), counters: field.pointer('ndo_get_stats') };
const DEVICE_COUNTERS = {
  receivedBytes: field.big('stats.rx_bytes'),
  receivedPackets: field.big('stats.rx_packets'),
  receiveErrors: field.big('stats.rx_errors'),
  receiveDropped: field.big('stats.rx_dropped'),
  receiveMissed: field.big('stats.rx_missed_errors'),
  multicast: field.big('stats.multicast'),
  sentBytes: field.big('stats.tx_bytes'),
  sentPackets: field.big('stats.tx_packets'),
  sendErrors: field.big('stats.tx_errors'),
  sendDropped: field.big('stats.tx_dropped'),
  collisions: field.big('stats.collisions'),
};

/** `enum netdev_stat_type`. */
const KINDS: readonly Kept[] = ['device', 'lstats', 'tstats', 'dstats'];
/** The kernel's own functions for `ndo_get_stats64` that say by their name where the counters are. */
const FUNCTIONS: Readonly<Record<string, Kept>> = {
  dev_get_tstats64: 'tstats',
  loopback_get_stats64: 'lstats',
};

/** What the core adds for each device: packets that it dropped itself (`dev_get_stats`). */
const CORE = { receiveDropped: 'rx_dropped', sendDropped: 'tx_dropped' } as const;
const SOFTWARE = {
  receivedBytes: 'rx_bytes',
  receivedPackets: 'rx_packets',
  sentBytes: 'tx_bytes',
  sentPackets: 'tx_packets',
} as const;
const DROPPING = { ...SOFTWARE, receiveDropped: 'rx_drops', sendDropped: 'tx_drops' } as const;

/**
 * What a device sent and received, where the kernel's core counts it; a sentence that says why not, where only
 * its driver does. Throws what reading memory throws.
 */
export function readCounters(dump: Dump, at: VirtualAddress): NetworkCounters | string {
  const device = dump.reader('net_device', DEVICE)(at);
  const kept = whereKept(dump, device.operations, device.kind ?? 0);
  if (kept.where === undefined) return kept.why;
  const sums: Sums = { ...ownCounters(dump, at) };
  const { where } = kept;
  if (where === 'tstats') addPerCpu(dump, sums, device.perCpu, 'pcpu_sw_netstats', SOFTWARE);
  else if (where === 'dstats') addPerCpu(dump, sums, device.perCpu, 'pcpu_dstats', DROPPING);
  else if (where === 'lstats') addLoopback(dump, sums, device.perCpu);
  if (device.core !== undefined) addPerCpu(dump, sums, device.core, 'net_device_core_stats', CORE);
  return sums;
}

/** The order in which `dev_get_stats` asks. */
function whereKept(
  dump: Dump,
  operations: VirtualAddress,
  kind: number,
): { where: Kept } | { where: undefined; why: string } {
  const { counters64, counters } = dump.reader('net_device_ops', OPERATIONS)(operations);
  const own = counters64 !== 0n ? counters64 : counters;
  if (own === 0n) {
    const where = KINDS[kind];
    return where === undefined ? { where, why: `Counters of the unknown kind ${kind}` } : { where };
  }
  const name = dump.symbols.lookup(own)?.name;
  const where = name === undefined ? undefined : FUNCTIONS[name];
  if (where !== undefined) return { where };
  return { where, why: `Only the driver knows the counters${name === undefined ? '' : ` (${name})`}` };
}

function ownCounters(dump: Dump, at: VirtualAddress): Sums {
  const { receiveMissed, ...own } = dump.reader('net_device', DEVICE_COUNTERS)(at);
  // /proc/net/dev adds them up.
  return { ...own, receiveDropped: own.receiveDropped + receiveMissed };
}

/** Adds members of a per-CPU struct to the sums. */
function addPerCpu(
  dump: Dump,
  sums: Sums,
  pointer: VirtualAddress,
  type: string,
  members: Partial<Record<keyof Sums, string>>,
): void {
  if (pointer === 0n) return;
  const size = dump.types.sizeof(`struct ${type}`);
  for (const cpu of perCpu(dump).possible) {
    const bytes = dump.memory.read(perCpu(dump).pointer(pointer, cpu), size);
    for (const [sum, member] of Object.entries(members) as [keyof Sums, string][]) {
      sums[sum] += u64Big(bytes, dump.types.offsetof(type, member));
    }
  }
}

/** The loopback's counters stand for both directions. */
function addLoopback(dump: Dump, sums: Sums, pointer: VirtualAddress): void {
  if (pointer === 0n) return;
  const { types, memory } = dump;
  for (const cpu of perCpu(dump).possible) {
    const at = perCpu(dump).pointer(pointer, cpu);
    const bytes = memory.u64Big(addTo(at, types.offsetof('pcpu_lstats', 'bytes')));
    const packets = memory.u64Big(addTo(at, types.offsetof('pcpu_lstats', 'packets')));
    sums.receivedBytes += bytes;
    sums.sentBytes += bytes;
    sums.receivedPackets += packets;
    sums.sentPackets += packets;
  }
}
