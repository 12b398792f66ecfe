import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from './attempt.ts';
import { type BlockRequest, bioInFlight, requestsInFlight } from './block_request.ts';
import { listEntries } from './list.ts';

/** A disk or a partition (C `struct block_device`). */
export interface BlockDevice {
  readonly address: VirtualAddress;
  /** `nvme0n1`, `sda1`. */
  readonly name: string;
  readonly major: number;
  readonly minor: number;
  readonly bytes: number;
  /** First byte on its disk; 0 for a disk. */
  readonly startBytes: number;
  /** 0 for a whole disk. */
  readonly partition: number;
  readonly readOnly: boolean;
  /** How often it is open, by mounts too. */
  readonly openers: number;
}

/** A disk with its queue (C `struct gendisk`, `struct request_queue`). */
export interface Disk extends BlockDevice {
  /** C `struct gendisk *`. */
  readonly disk: VirtualAddress;
  readonly partitions: readonly BlockDevice[];
  /** Whether the device is gone (`GD_DEAD`). */
  readonly dead: boolean;
  /** No new I/O enters while it is frozen, and none goes to the driver while it is quiesced. */
  readonly frozen: boolean;
  readonly quiesced: boolean;
  /** Seconds after which a request counts as lost, as far as ticks a second are known to the caller. */
  readonly timeoutJiffies: number;
  /** Reads and writes under way; undefined where they could not be counted. */
  readonly inFlight: number | undefined;
  /** Those that the driver has, the oldest first; empty for devices that pass I/O on to others. */
  readonly requests: readonly BlockRequest[];
}

/** The disks in the order in which they were added, as /proc/partitions lists them. */
export interface Disks {
  readonly disks: readonly Disk[];
  readonly problems: readonly string[];
}

const DEVICE = { private: field.pointer('p'), name: field.pointer('kobj.name') };
const DEVICE_PRIVATE = { device: field.pointer('device'), klist: field.pointer('knode_class.n_klist') };
const CLASS = { private: field.pointer('p') };
const SUBSYSTEM = { class: field.pointer('class') };
const BLOCK_DEVICE = {
  start: field.number('bd_start_sect'),
  sectors: field.number('bd_nr_sectors'),
  device: field.number('bd_dev'),
  disk: field.pointer('bd_disk'),
  // One word of flags since 6.10 (1116b9fa15c0, 01e198f01d55): partition number below, bits above.
  flags: field.optional(field.number('__bd_flags.counter')),
  partition: field.optional(field.number('bd_partno')),
  readOnly: field.optional(field.flag('bd_read_only')),
  openers: field.number('bd_openers.counter', 'bd_openers'),
  stats: field.pointer('bd_stats'),
};
const DISK = {
  state: field.big('state'),
  queue: field.pointer('queue'),
  whole: field.pointer('part0'),
};
const QUEUE = {
  operations: field.pointer('mq_ops'),
  freezes: field.number('mq_freeze_depth'),
  quiesces: field.number('quiesce_depth'),
  timeout: field.number('rq_timeout'),
};

const SECTOR = 512;
/** `GD_DEAD` in `gendisk.state`. */
const DEAD = 1n << 2n;
/** `BD_PARTNO` and `BD_READ_ONLY` in `__bd_flags`. */
const PARTITION_MASK = 0xff;
const READ_ONLY = 1 << 8;
/** Split of C `dev_t`. */
const MINOR_BITS = 20;

const MOST_DEVICES = 1 << 16;
const MOST_CLASSES = 4096;
const MOST_NAME = 256;

interface Found extends BlockDevice {
  readonly disk: VirtualAddress;
  readonly stats: VirtualAddress;
}

/** Reads all disks and their partitions. What cannot be read is left out, with a problem that says why. */
export function readDisks(dump: Dump): Disks {
  const problems: string[] = [];
  const found: Found[] = [];
  for (const device of attempt(problems, 'Block devices', () => classDevices(dump, problems)) ?? []) {
    const block = attempt(problems, 'Block device', () => readBlockDevice(dump, device));
    if (block) found.push(block);
  }
  const disks: Disk[] = [];
  for (const whole of found) {
    if (whole.partition !== 0) continue;
    const partitions = found.filter(({ partition, disk }) => partition !== 0 && disk === whole.disk);
    const disk = attempt(problems, `Disk ${whole.name}`, () => readDisk(dump, whole, partitions, problems));
    if (disk) disks.push(disk);
  }
  return { disks, problems };
}

/** The devices of `block_class`, C `struct device`. */
function classDevices(dump: Dump, problems: string[]): VirtualAddress[] {
  const list = deviceList(dump);
  const nodes = listEntries(dump, list, 'klist_node', 'n_node', MOST_DEVICES);
  if (nodes.problem !== undefined) problems.push(nodes.problem);
  const devices: VirtualAddress[] = [];
  for (const node of nodes.entries) {
    const at = dump.containerOf(node, 'device_private', 'knode_class');
    attempt(problems, 'Block device', () => {
      devices.push(dump.reader('device_private', DEVICE_PRIVATE)(at).device);
    });
  }
  return devices;
}

/** The list of the class's devices; where the class has no name, the one that some block device is on. */
function deviceList(dump: Dump): VirtualAddress {
  const block = dump.findVariable('block_class');
  if (block !== undefined) {
    return addTo(classPrivate(dump, block), dump.types.offsetof('subsys_private', 'klist_devices.k_list'));
  }
  const { types, memory } = dump;
  const superblock = memory.pointer(dump.variable('blockdev_superblock'));
  const head = addTo(superblock, types.offsetof('super_block', 's_inodes'));
  const inodes = listEntries(dump, head, 'inode', 'i_sb_list', MOST_DEVICES);
  for (const inode of inodes.entries) {
    const klist = attempt([], 'Block device', () => klistOf(dump, inode));
    if (klist !== undefined) return addTo(klist, types.offsetof('klist', 'k_list'));
  }
  throw new DumpError('not-described', 'The kernel names neither block_class nor a block device');
}

/** The `klist` that the block device of an inode is on; undefined while it is not set up. */
function klistOf(dump: Dump, inode: VirtualAddress): VirtualAddress | undefined {
  const { types } = dump;
  const around = dump.containerOf(inode, 'bdev_inode', 'vfs_inode');
  const device = addTo(
    around,
    types.offsetof('bdev_inode', 'bdev') + types.offsetof('block_device', 'bd_device'),
  );
  const { private: own } = dump.reader('device', DEVICE)(device);
  if (own === 0n) return undefined;
  // Bit 0 is set for a node that is on its way out.
  const klist = dump.reader('device_private', DEVICE_PRIVATE)(own).klist & ~1n;
  return klist === 0n ? undefined : (klist as VirtualAddress);
}

/** `struct class` points at its private part up to 6.3; since then (7b884b7f24b4) `class_kset` lists them. */
function classPrivate(dump: Dump, block: VirtualAddress): VirtualAddress {
  const { types, memory } = dump;
  if (types.has('class', 'p')) return dump.reader('class', CLASS)(block).private;
  const set = memory.pointer(dump.variable('class_kset'));
  const head = addTo(set, types.offsetof('kset', 'list'));
  const { entries } = listEntries(dump, head, 'kobject', 'entry', MOST_CLASSES);
  const read = dump.reader('subsys_private', SUBSYSTEM);
  const found = entries
    .map((kobject) => dump.containerOf(kobject, 'subsys_private', 'subsys.kobj'))
    .find((candidate) => attempt([], 'class', () => read(candidate).class) === block);
  // Nothing lies at 0: what follows says that the class cannot be read.
  return found ?? (0n as VirtualAddress);
}

function readBlockDevice(dump: Dump, device: VirtualAddress): Found {
  const at = dump.containerOf(device, 'block_device', 'bd_device');
  const block = dump.reader('block_device', BLOCK_DEVICE)(at);
  const { name } = dump.reader('device', DEVICE)(device);
  const flags = block.flags ?? 0;
  return {
    address: at,
    name: dump.memory.cString(name, MOST_NAME),
    major: block.device >>> MINOR_BITS,
    minor: block.device & ((1 << MINOR_BITS) - 1),
    bytes: block.sectors * SECTOR,
    startBytes: block.start * SECTOR,
    partition: block.partition ?? flags & PARTITION_MASK,
    readOnly: block.readOnly ?? (flags & READ_ONLY) !== 0,
    openers: block.openers,
    disk: block.disk,
    stats: block.stats,
  };
}

function readDisk(dump: Dump, whole: Found, partitions: readonly Found[], problems: string[]): Disk {
  const disk = dump.reader('gendisk', DISK)(whole.disk);
  const queue = dump.reader('request_queue', QUEUE)(disk.queue);
  const what = `Requests of ${whole.name}`;
  // Devices without a queue of their own (loop aside: dm, md, zram) count bios.
  const requests =
    queue.operations === 0n
      ? []
      : attempt(problems, what, () => requestsInFlight(dump, disk.queue, problems));
  const inFlight =
    queue.operations === 0n
      ? attempt(problems, what, () => bioInFlight(dump, whole.stats))
      : requests?.filter(({ accounted }) => accounted).length;
  const { stats: _stats, ...own } = whole;
  return {
    ...own,
    partitions: partitions.map(({ stats: _unused, disk: _disk, ...partition }) => partition),
    dead: (disk.state & DEAD) !== 0n,
    frozen: queue.freezes > 0,
    quiesced: queue.quiesces > 0,
    timeoutJiffies: queue.timeout,
    inFlight,
    requests: requests ?? [],
  };
}
