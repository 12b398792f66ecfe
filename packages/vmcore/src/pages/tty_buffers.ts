import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { sizeOfType } from '../describe/type_layout.ts';
import { field } from '../describe/type_reader.ts';
import type { Dump } from '../dump.ts';
import { attempt } from '../kernel/attempt.ts';
import { listEntries } from '../kernel/list.ts';
import type { ClassifiedPages } from './classify.ts';
import { slabObjects } from './slab_objects.ts';

/** Memory that a terminal's input or output passes through. */
export interface TtyBuffer {
  readonly at: VirtualAddress;
  readonly length: number;
}

const DRIVER = {
  count: field.number('num'),
  ttys: field.pointer('ttys'),
  ports: field.pointer('ports'),
  state: field.optional(field.pointer('driver_state')),
};
/** Of serial ports: what `driver_state` of their driver is, and what each port has. */
const SERIAL = { count: field.number('nr'), states: field.pointer('state') };
const SERIAL_PORT = { port: field.address('port'), transmit: field.optional(field.pointer('xmit.buf')) };
const TTY = {
  port: field.pointer('port'),
  link: field.pointer('link'),
  discipline: field.pointer('disc_data'),
  writeBuffer: field.pointer('write_buf'),
  writeBytes: field.number('write_cnt'),
};
const PORT = {
  first: field.pointer('buf.head'),
  free: field.pointer('buf.free.first'),
  transmit: field.optional(field.pointer('xmit_buf')),
};
const BUFFER = {
  next: field.pointer('next'),
  bytes: field.number('size'),
  data: field.address('data'),
};

const MOST_DRIVERS = 1024;
const MOST_LINES = 1 << 16;
/** A driver of serial lines has some tens at most. */
const MOST_SERIAL = 256;
/** Of all ports together. */
const MOST_BUFFERS = 1 << 16;
/** A write buffer is 2 KB, or 64 KB; a flip buffer 64 KB with what it is rounded up to. */
const MOST_BYTES = 1 << 17;

/** Every buffer of the terminals that drivers and open files lead to, full or used before. */
export function ttyBuffers(pages: ClassifiedPages): TtyBuffer[] {
  const { dump, findings } = pages;
  const ttys = new Set<VirtualAddress>();
  const ports = new Set<VirtualAddress>();
  const serial: SerialPort[] = [];
  // All drivers together: damaged ones could share one table.
  let left = MOST_LINES;
  for (const driver of attempt(findings, 'Buffers of ttys are not all overwritten', () =>
    ttyDrivers(dump, findings),
  ) ?? []) {
    attempt(findings, 'A driver of ttys', () => {
      const { count, ttys: lines, ports: all, state } = dump.reader('tty_driver', DRIVER)(driver);
      for (const at of pointers(dump, lines, Math.min(count, left))) ttys.add(at);
      for (const at of pointers(dump, all, Math.min(count, left))) ports.add(at);
      left -= Math.min(count, left);
      if (state !== undefined) serial.push(...serialPorts(dump, driver, state));
    });
  }
  for (const { port } of serial) ports.add(port);
  for (const at of openTtys(pages)) ttys.add(at);
  const found: TtyBuffer[] = serial.flatMap(({ buffer }) => buffer ?? []);
  for (const tty of ttys) {
    attempt(findings, 'A tty', () => {
      const { link, port } = dump.reader('tty_struct', TTY)(tty);
      // The other end of a pseudo terminal; a set takes what is added while it is gone through.
      if (link !== 0n) ttys.add(link);
      if (port !== 0n) ports.add(port);
      found.push(...ownBuffers(dump, tty));
    });
  }
  const seen = new Set<VirtualAddress>();
  for (const port of ports) {
    attempt(findings, 'A port of a tty', () => found.push(...portBuffers(dump, port, seen)));
  }
  return found.filter(({ length }) => length > 0);
}

interface SerialPort {
  readonly port: VirtualAddress;
  /** The ring of what is sent, which became a part of the port itself in 6.10 (1788cf6a91d9). */
  readonly buffer: TtyBuffer | undefined;
}

/** Ports of a driver of serial lines; other drivers have other things for a state, which do not point back. */
function serialPorts(dump: Dump, driver: VirtualAddress, state: VirtualAddress): SerialPort[] {
  const { types, memory, physical } = dump;
  if (!types.has('uart_driver', 'tty_driver')) return [];
  const back = memory.tryRead(addTo(state, types.offsetof('uart_driver', 'tty_driver')), 8);
  if (back === undefined || u64Big(back, 0) !== driver) return [];
  const { count, states } = dump.reader('uart_driver', SERIAL)(state);
  const size = types.sizeof('uart_state');
  return Array.from({ length: Math.min(count, MOST_SERIAL) }, (_, n) => {
    const { port, transmit } = dump.reader('uart_state', SERIAL_PORT)(addTo(states, n * size));
    const none = transmit === undefined || transmit === 0n;
    return { port, buffer: none ? undefined : { at: transmit, length: physical.pageSize } };
  });
}

function ttyDrivers(dump: Dump, findings: string[]): VirtualAddress[] {
  const head = dump.variable('tty_drivers');
  const { entries, problem } = listEntries(dump, head, 'tty_driver', 'tty_drivers', MOST_DRIVERS);
  if (problem !== undefined) findings.push(`Drivers of ttys: ${problem}`);
  return entries;
}

/** Pointers of a driver's table that are not NULL; some drivers have none. */
function pointers(dump: Dump, table: VirtualAddress, count: number): VirtualAddress[] {
  if (table === 0n) return [];
  const bytes = dump.memory.read(table, count * 8);
  const found: VirtualAddress[] = [];
  for (let n = 0; n < count; n++) found.push(u64Big(bytes, n * 8) as VirtualAddress);
  return found.filter((at) => at !== 0n);
}

const FILE = { inode: field.pointer('f_inode'), private: field.pointer('private_data') };
const INODE = { device: field.number('i_rdev') };
const TTY_FILE = { tty: field.pointer('tty'), file: field.pointer('file') };
/** Majors of terminals: `tty`, `ttyS`, `ptmx`; `pts`; `ttyACM`, `ttyUSB`, `ttyAMA`, `hvc`. */
const MAJORS = new Set([4, 5, 136, 137, 138, 139, 140, 141, 142, 143, 166, 188, 204, 229]);
/** C `MINORBITS`. */
const MINORS = 2 ** 20;

/** Pseudo terminals are in no driver's table: open files lead to them, whoever has them. */
function openTtys(pages: ClassifiedPages): VirtualAddress[] {
  const { dump, findings, map, caches } = pages;
  const found: VirtualAddress[] = [];
  for (const cache of caches.get('filp') ?? []) {
    for (const object of slabObjects(pages, map, cache).used()) {
      const address = map.virtual(object);
      attempt(findings, 'An open file', () => {
        const { inode, private: own } = dump.reader('file', FILE)(address);
        if (inode === 0n || own === 0n) return;
        const { device } = dump.reader('inode', INODE)(inode);
        if (!MAJORS.has(Math.floor(device / MINORS))) return;
        const { tty, file } = dump.reader('tty_file_private', TTY_FILE)(own);
        // It points back, so that nothing else is taken for one.
        if (file === address && tty !== 0n) found.push(tty);
      });
    }
  }
  return found;
}

/** What waits to be read, as the line discipline of terminals has it, and what is being written. */
function ownBuffers(dump: Dump, tty: VirtualAddress): TtyBuffer[] {
  const { types } = dump;
  const { discipline, writeBuffer, writeBytes } = dump.reader('tty_struct', TTY)(tty);
  const found: TtyBuffer[] = [];
  if (writeBuffer !== 0n) found.push({ at: writeBuffer, length: Math.min(writeBytes, MOST_BYTES) });
  if (discipline === 0n || !isLineDiscipline(dump, tty)) return found;
  for (const member of ['read_buf', 'echo_buf']) {
    const place = types.place('n_tty_data', member);
    found.push({ at: addTo(discipline, place.bitOffset / 8), length: sizeOfType(types.btf, place.type) });
  }
  return found;
}

/** Whether `disc_data` is `n_tty`'s, which has number 0. */
function isLineDiscipline({ types, memory }: Dump, tty: VirtualAddress): boolean {
  const discipline = memory.pointer(addTo(tty, types.offsetof('tty_struct', 'ldisc')));
  if (discipline === 0n) return false;
  const operations = memory.pointer(addTo(discipline, types.offsetof('tty_ldisc', 'ops')));
  return operations !== 0n && memory.u32(addTo(operations, types.offsetof('tty_ldisc_ops', 'num'))) === 0;
}

/** Buffers of a port but those in `seen`, to which they are added. */
function portBuffers(dump: Dump, port: VirtualAddress, seen: Set<VirtualAddress>): TtyBuffer[] {
  const { first, free, transmit } = dump.reader('tty_port', PORT)(port);
  const found: TtyBuffer[] = [];
  if (transmit !== undefined && transmit !== 0n) found.push({ at: transmit, length: dump.physical.pageSize });
  for (const list of [first, free]) {
    for (let at = list; at !== 0n && !seen.has(at) && seen.size < MOST_BUFFERS; ) {
      seen.add(at);
      const { next, bytes, data } = dump.reader('tty_buffer', BUFFER)(at);
      // As much again for flags; where all is well the characters take both.
      found.push({ at: data, length: Math.min(2 * bytes, MOST_BYTES) });
      at = next;
    }
  }
  return found;
}
