import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { deflateSync } from 'node:zlib';
import { COMPRESSED } from '@kcrash/vmcore/container/kdump_header';
import { type CoreSegment, elfCore, noteBytes } from '../../packages/vmcore/test/elf_writer.ts';
import { flattenedFile } from '../../packages/vmcore/test/flattened_writer.ts';
import { kdumpFile } from '../../packages/vmcore/test/kdump_writer.ts';
import { concat } from '../../packages/vmcore/test/layout_writer.ts';
import { prstatus } from '../../packages/vmcore/test/prstatus_writer.ts';
import { type SmallMachine, smallMachine } from './small_kernel.ts';

type KdumpPage = Parameters<typeof kdumpFile>[0]['pages'][number];

const PAGE = 4096;
const FRAMES = 0x5000;
/** Pages that zstd's own encoder compressed, put where nothing else is. */
const SAMPLES = fileURLToPath(new URL('../../packages/vmcore/test/fixtures/zstd', import.meta.url));
const SAMPLES_AT = 0x4800;

/** Writes a dump of every format that is read; returns the files of each. */
export function writeSmallDumps(folder: string): string[][] {
  const ring = smallMachine('ring');
  const records = smallMachine('records');
  const elf = elfCore(segments(ring), notes(ring, 2));
  const written: Record<string, Uint8Array[]> = {
    'ring.elf': [elf],
    'records.elf': [elfCore(segments(records), notes(records, 1))],
    'no-notes.elf': [elfCore(segments(withText(ring)))],
    'flat.elf': [flattened(elf)],
    'ring.kdump': [kdump(ring, {})],
    'records.kdump': [kdump(records, { version: 5 })],
    'no-notes.kdump': [kdump(withText(ring), { vmcoreinfo: new Uint8Array(0), notes: new Uint8Array(0) })],
    'flat.kdump': [flattened(kdump(ring, {}))],
    'split.kdump': [
      kdump(ring, { split: { start: 0, end: 0x3001 } }),
      kdump(ring, { split: { start: 0x3001, end: FRAMES } }),
    ],
  };
  return Object.entries(written).map(([name, files]) =>
    files.map((bytes, n) => {
      const path = join(folder, n === 0 ? name : `${name}.${n}`);
      writeFileSync(path, bytes);
      return path;
    }),
  );
}

function segments({ pages }: SmallMachine): CoreSegment[] {
  const runs: { frame: number; pages: Uint8Array[] }[] = [];
  for (const [frame, page] of [...pages].sort(([a], [b]) => a - b)) {
    const last = runs.at(-1);
    if (last !== undefined && frame === last.frame + last.pages.length) last.pages.push(page);
    else runs.push({ frame, pages: [page] });
  }
  return runs.map((run) => ({ address: run.frame * PAGE, bytes: concat(...run.pages) }));
}

function notes({ vmcoreinfo }: SmallMachine, cpus: number) {
  const registers = { ip: 0xffff_ffff_8100_1010n, sp: 0xffff_8880_0001_0f00n, cs: 0x10n };
  const core = Array.from({ length: cpus }, () => ({
    name: 'CORE',
    type: 1,
    bytes: prstatus(30, registers),
  }));
  return [...core, { name: 'VMCOREINFO', type: 0, bytes: vmcoreinfo }];
}

/** The text in memory in place of a note. */
function withText({ pages, vmcoreinfo }: SmallMachine): SmallMachine {
  const page = new Uint8Array(PAGE);
  page.set(vmcoreinfo.subarray(0, PAGE));
  return { pages: new Map([...pages, [0x4700, page]]), vmcoreinfo };
}

function flattened(file: Uint8Array): Uint8Array {
  const writes = [];
  for (let at = 0; at < file.length; at += 0x4000) {
    writes.push({ offset: at, bytes: file.subarray(at, at + 0x4000) });
  }
  // Later writes win: writers come back to their headers.
  return flattenedFile([...writes, { offset: 0, bytes: file.subarray(0, PAGE) }]);
}

function kdump(machine: SmallMachine, options: Partial<Parameters<typeof kdumpFile>[0]>): Uint8Array {
  const own = [...machine.pages].map(([frame, bytes], n) => compressed(frame, bytes, n));
  return kdumpFile({
    frames: FRAMES,
    pages: [...own, ...zstdPages()],
    vmcoreinfo: machine.vmcoreinfo,
    notes: noteBytes(notes(machine, 2)),
    ...options,
  });
}

/** Each page by another of the compressions. */
function compressed(frame: number, bytes: Uint8Array, n: number): KdumpPage {
  switch (n % 5) {
    case 0:
      return { frame, bytes: deflateSync(bytes), flags: COMPRESSED.zlib };
    case 1:
      return { frame, bytes: lzo(bytes), flags: COMPRESSED.lzo };
    case 2:
      return { frame, bytes: snappy(bytes), flags: COMPRESSED.snappy };
    case 3:
      return { frame, bytes: zstd(bytes), flags: COMPRESSED.zstd };
    default:
      return { frame, bytes };
  }
}

function zstdPages(): KdumpPage[] {
  return readdirSync(SAMPLES)
    .filter((name) => name.includes('-page-'))
    .sort()
    .map((name, n) => ({
      frame: SAMPLES_AT + n,
      bytes: new Uint8Array(readFileSync(join(SAMPLES, name))),
      flags: COMPRESSED.zstd,
    }));
}

/** One literal of 4096 bytes: its length, less 18, in bytes of 255 each; then the mark of the end. */
function lzo(bytes: Uint8Array): Uint8Array {
  const rest = bytes.length - 18;
  const zeros = new Uint8Array(Math.floor((rest - 1) / 255));
  return concat(
    Uint8Array.of(0),
    zeros,
    Uint8Array.of(rest - zeros.length * 255),
    bytes,
    Uint8Array.of(17, 0, 0),
  );
}

/** The length as a varint, then one literal with a length of two bytes. */
function snappy(bytes: Uint8Array): Uint8Array {
  const last = bytes.length - 1;
  const length = Uint8Array.of((bytes.length & 0x7f) | 0x80, bytes.length >> 7);
  return concat(length, Uint8Array.of(61 << 2, last & 0xff, last >> 8), bytes);
}

/** A frame of one segment with its size in two bytes, in one raw block. */
function zstd(bytes: Uint8Array): Uint8Array {
  const size = bytes.length - 256;
  const block = (bytes.length << 3) | 1;
  return concat(
    Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x60, size & 0xff, size >> 8),
    Uint8Array.of(block & 0xff, (block >> 8) & 0xff, block >> 16),
    bytes,
  );
}
