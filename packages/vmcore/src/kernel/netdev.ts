import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { u8, u16, u32 } from '../bytes/cursor.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { listEntries } from './list.ts';
import { type NetworkCounters, readCounters } from './netdev_counters.ts';

/** An address of a network device. */
export interface NetworkAddress {
  readonly family: 'inet' | 'inet6';
  /** `192.168.0.1`, `fe80::1`. */
  readonly address: string;
  readonly prefixBits: number;
}

/** A network device (C `struct net_device`). */
export interface NetworkDevice {
  readonly address: VirtualAddress;
  /** C `struct net *`, the network namespace that it is in, and that one's number as in `/proc/PID/ns/net`. */
  readonly namespace: VirtualAddress;
  readonly namespaceInode: number;
  readonly name: string;
  readonly index: number;
  /** `IFF_…` as `ip link` names them: `UP`, `LOOPBACK`, `LOWER_UP`. */
  readonly flags: readonly string[];
  /** `up`, `down`, `dormant` …: `operstate` in sysfs. */
  readonly state: string;
  /** Whether the driver sees the other end. */
  readonly carrier: boolean;
  readonly mtuBytes: number;
  /** `ARPHRD_…`: 1 for Ethernet, 772 for the loopback. */
  readonly type: number;
  /** Hardware address, bytes in hexadecimal with colons; empty for a device without. */
  readonly hardwareAddress: string;
  readonly addresses: readonly NetworkAddress[];
  /** Undefined where only the driver knows them, with why in `countersUnknown`. */
  readonly counters: NetworkCounters | undefined;
  readonly countersUnknown: string | undefined;
}

/** The network devices of all network namespaces, in the kernel's order, the first namespace's first. */
export interface NetworkDevices {
  readonly devices: readonly NetworkDevice[];
  readonly problems: readonly string[];
}

const NAMESPACE = { inode: field.number('ns.inum') };
const DEVICE = {
  name: field.text('name'),
  index: field.number('ifindex'),
  flags: field.number('flags'),
  state: field.big('state'),
  operstate: field.number('operstate'),
  mtuBytes: field.number('mtu'),
  type: field.number('type'),
  addressLength: field.number('addr_len'),
  hardwareAddress: field.pointer('dev_addr'),
  inet: field.pointer('ip_ptr'),
  inet6: field.pointer('ip6_ptr'),
};
const INET = { first: field.pointer('ifa_list') };
const INET_ADDRESS = {
  next: field.pointer('ifa_next'),
  local: field.number('ifa_local'),
  prefixBits: field.number('ifa_prefixlen'),
};
const INET6 = { addresses: field.address('addr_list') };
const INET6_ADDRESS = { address: field.address('addr'), prefixBits: field.number('prefix_len') };

const MOST_NAMESPACES = 1 << 16;
const MOST_DEVICES = 1 << 16;
const MOST_ADDRESSES = 4096;
/** `MAX_ADDR_LEN`. */
const MOST_HARDWARE_ADDRESS = 32;

/** C `IFF_…` of the user interface (include/uapi/linux/if.h). */
const FLAGS: readonly (readonly [number, string])[] = [
  [0x1, 'UP'],
  [0x2, 'BROADCAST'],
  [0x4, 'DEBUG'],
  [0x8, 'LOOPBACK'],
  [0x10, 'POINTOPOINT'],
  [0x80, 'NOARP'],
  [0x100, 'PROMISC'],
  [0x200, 'ALLMULTI'],
  [0x400, 'MASTER'],
  [0x800, 'SLAVE'],
  [0x1000, 'MULTICAST'],
  [0x2000, 'PORTSEL'],
  [0x4000, 'AUTOMEDIA'],
  [0x8000, 'DYNAMIC'],
];
/** C `IF_OPER_…` (RFC 2863). */
const OPERATIONAL_STATES = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'];
/** Bits of `net_device.state` (`enum netdev_state_t`). */
const LINK_START = 1n << 0n;
const LINK_NOCARRIER = 1n << 2n;

/** Reads all network devices. What cannot be read is left out, with a problem that says why. */
export function readNetworkDevices(dump: Dump): NetworkDevices {
  const problems: string[] = [];
  const devices: NetworkDevice[] = [];
  for (const net of attempt(problems, 'Network namespaces', () => namespaces(dump, problems)) ?? []) {
    attempt(problems, `Network namespace ${hexAddress(net)}`, () => {
      const { inode } = dump.reader('net', NAMESPACE)(net);
      const head = addTo(net, dump.types.offsetof('net', 'dev_base_head'));
      const { entries, problem } = listEntries(dump, head, 'net_device', 'dev_list', MOST_DEVICES);
      if (problem !== undefined) problems.push(problem);
      for (const at of entries) {
        const device = attempt(problems, 'Network device', () => readDevice(dump, at, net, inode, problems));
        if (device) devices.push(device);
      }
    });
  }
  return { devices, problems };
}

/** `init_net` first, then the others of `net_namespace_list`. */
function namespaces(dump: Dump, problems: string[]): VirtualAddress[] {
  const first = dump.variable('init_net');
  const list = dump.findVariable('net_namespace_list');
  if (list === undefined) return [first];
  const { entries, problem } = listEntries(dump, list, 'net', 'list', MOST_NAMESPACES);
  if (problem !== undefined) problems.push(problem);
  return [first, ...entries.filter((net) => net !== first)];
}

function readDevice(
  dump: Dump,
  at: VirtualAddress,
  namespace: VirtualAddress,
  namespaceInode: number,
  problems: string[],
): NetworkDevice {
  const device = dump.reader('net_device', DEVICE)(at);
  const carrier = (device.state & LINK_NOCARRIER) === 0n;
  const started = (device.state & LINK_START) !== 0n;
  const counted = attempt(problems, `Counters of ${device.name}`, () => readCounters(dump, at));
  return {
    address: at,
    namespace,
    namespaceInode,
    name: device.name,
    index: device.index,
    flags: [
      ...FLAGS.filter(([bit]) => (device.flags & bit) !== 0).map(([, name]) => name),
      ...(started && carrier ? ['LOWER_UP'] : []),
    ],
    // As sysfs has it: one that nobody has switched on is down, whatever it was before.
    state: started ? (OPERATIONAL_STATES[device.operstate] ?? `state ${device.operstate}`) : 'down',
    carrier,
    mtuBytes: device.mtuBytes,
    type: device.type,
    hardwareAddress:
      attempt(problems, `Hardware address of ${device.name}`, () =>
        hexBytes(
          dump.memory.read(device.hardwareAddress, Math.min(device.addressLength, MOST_HARDWARE_ADDRESS)),
        ),
      ) ?? '',
    addresses: [
      ...(attempt(problems, `IPv4 of ${device.name}`, () => inetAddresses(dump, device.inet, problems)) ??
        []),
      ...(attempt(problems, `IPv6 of ${device.name}`, () => inet6Addresses(dump, device.inet6, problems)) ??
        []),
    ],
    counters: typeof counted === 'string' ? undefined : counted,
    countersUnknown: typeof counted === 'string' ? counted : undefined,
  };
}

function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function inetAddresses(dump: Dump, inet: VirtualAddress, problems: string[]): NetworkAddress[] {
  const found: NetworkAddress[] = [];
  if (inet === 0n) return found;
  const seen = new Set<VirtualAddress>();
  let at = dump.reader('in_device', INET)(inet).first;
  while (at !== 0n) {
    if (seen.has(at) || seen.size >= MOST_ADDRESSES) {
      problems.push(`IPv4: the addresses of the device at ${hexAddress(inet)} have no end`);
      break;
    }
    seen.add(at);
    const { next, local, prefixBits } = dump.reader('in_ifaddr', INET_ADDRESS)(at);
    found.push({ family: 'inet', address: inetText(local), prefixBits });
    at = next;
  }
  return found;
}

/** `local` is big-endian in memory, and read as little-endian. */
function inetText(local: number): string {
  return [0, 8, 16, 24].map((shift) => (local >>> shift) & 0xff).join('.');
}

function inet6Addresses(dump: Dump, inet6: VirtualAddress, problems: string[]): NetworkAddress[] {
  // IPv6 may be a module or left out: then the kernel's BTF has no such type.
  if (inet6 === 0n || !dump.types.has('inet6_dev', 'addr_list')) return [];
  const head = dump.reader('inet6_dev', INET6)(inet6).addresses;
  const { entries, problem } = listEntries(dump, head, 'inet6_ifaddr', 'if_list', MOST_ADDRESSES);
  if (problem !== undefined) problems.push(`IPv6: ${problem}`);
  return entries.map((at) => {
    const { address, prefixBits } = dump.reader('inet6_ifaddr', INET6_ADDRESS)(at);
    return { family: 'inet6', address: inet6Text(dump.memory.read(address, 16)), prefixBits };
  });
}

/** An IPv6 address as RFC 5952 writes it. */
export function inet6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, n) => (u8(bytes, n * 2) << 8) | u8(bytes, n * 2 + 1));
  if (u32(bytes, 0) === 0 && u32(bytes, 4) === 0 && u16(bytes, 8) === 0 && u16(bytes, 10) === 0xffff) {
    return `::ffff:${Array.from(bytes.subarray(12, 16)).join('.')}`;
  }
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (start + length < 8 && groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  if (best.length < 2) return hex(0, 8);
  return `${hex(0, best.start)}::${hex(best.start + best.length, 8)}`;
}
