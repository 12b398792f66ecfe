import { parseAddress, placeOf } from '@kcrash/report/explore/symbol_table';
import { jsonLine } from '@kcrash/report/json_text';
import { addTo, hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { u64Big } from '@kcrash/vmcore/bytes/cursor';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import type { Dump } from '@kcrash/vmcore/dump';
import { readPhysical } from '@kcrash/vmcore/physical_memory';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io, Output } from '../output.ts';
import { bareAddress } from '../symbol_line.ts';

interface Options extends DumpOptions {
  readonly hex?: true;
  readonly decimal?: true;
  readonly symbols?: true;
  readonly physical?: true;
}

/** A part of what was asked for: all of it on one page, and either there or absent. */
type Part =
  | { readonly at: VirtualAddress; readonly length: number; readonly bytes: Uint8Array }
  | {
      readonly at: VirtualAddress;
      readonly length: number;
      readonly bytes: undefined;
      readonly why: DumpError;
    };

const DEFAULT_BYTES = 64;
const MOST_BYTES = 64 << 20;
const ROW_BYTES = 16;

/** `kcrash read DUMP ADDRESS [LENGTH]`: prints memory; what the dump lacks is said in its place. */
export function addReadCommand(program: Command, io: Io): void {
  const { out } = io;
  dumpCommand(program, 'read', 'print memory')
    .argument('<address>', 'a hexadecimal address, or a symbol, as symbol+0x10 too')
    .argument('[length]', 'bytes, decimal or 0x…', String(DEFAULT_BYTES))
    .option('-x, --hex', 'as bytes in hexadecimal, with their characters (the default)')
    .option('-d, --decimal', 'as unsigned 64-bit numbers')
    .option('-s, --symbols', 'as 64-bit words, with the symbols that they point to')
    .option('-p, --physical', 'the address is a physical one')
    .action((file: string, address: string, length: string, options: Options) => {
      const forms = [options.hex, options.decimal, options.symbols].filter(Boolean);
      if (forms.length > 1) throw new Failure('read prints one form at a time', 'Choose -x, -d or -s.', 2);
      const dump = openDumpFile(file, options);
      const parts = readParts(
        dump,
        parseAddress(dump, address),
        parseLength(length),
        options.physical === true,
      );
      if (options.json) out.write(jsonLine({ parts: parts.map(toJson) }));
      else for (const part of parts) printPart(out, dump, part, options);
      if (parts.some(({ bytes }) => bytes === undefined)) io.status = 1;
    });
}

function parseLength(text: string): number {
  const length = /^(0x[\da-f]+|\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (length > 0 && length <= MOST_BYTES) return length;
  throw new Failure(`${text} is no length`, `Give 1 to ${MOST_BYTES} bytes, decimal or 0x….`, 2);
}

/** Page by page, so that a page which is missing costs no other. */
function readParts(dump: Dump, start: VirtualAddress, length: number, physical: boolean): Part[] {
  const { pageSize } = dump.physical;
  const parts: Part[] = [];
  for (let done = 0; done < length; ) {
    const at = addTo(start, done);
    const room = pageSize - Number(at & BigInt(pageSize - 1));
    const part = readPart(dump, at, Math.min(room, length - done), physical);
    parts.push(part);
    done += part.length;
  }
  return parts;
}

function readPart(dump: Dump, at: VirtualAddress, length: number, physical: boolean): Part {
  try {
    const lent = physical ? readPhysical(dump.physical, Number(at), length) : dump.memory.read(at, length);
    return { at, length, bytes: lent };
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    return { at, length, bytes: undefined, why: error };
  }
}

function printPart(out: Output, dump: Dump, part: Part, options: Options): void {
  if (part.bytes === undefined) {
    const absent = `${part.length} bytes are not there: ${part.why.message}`;
    out.line(`${bareAddress(part.at)}:  ${out.style('yellow', absent)}`);
    return;
  }
  for (let row = 0; row < part.length; row += ROW_BYTES) {
    const bytes = part.bytes.subarray(row, row + ROW_BYTES);
    const text = options.decimal
      ? words(bytes, (value) => value.toString().padStart(20))
      : options.symbols
        ? words(bytes, (value) => (placeOf(dump, value) ?? bareAddress(value)).padEnd(32))
        : hexDump(bytes);
    out.line(`${bareAddress(addTo(part.at, row))}:  ${text.trimEnd()}`);
  }
}

/** `7f 45 4c 46 02 01 01 00  00 00 00 00 00 00 00 00  |.ELF............|` */
function hexDump(bytes: Uint8Array): string {
  const pairs = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
  const halves = `${pairs.slice(0, 8).join(' ').padEnd(23)}  ${pairs.slice(8).join(' ').padEnd(23)}`;
  const text = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'));
  return `${halves}  |${text.join('')}|`;
}

/** Whole 64-bit words; bytes that make up none are printed as bytes. */
function words(bytes: Uint8Array, text: (value: bigint) => string): string {
  const cells: string[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += 8) cells.push(text(u64Big(bytes, at)));
  const rest = bytes.subarray(bytes.length - (bytes.length % 8));
  if (rest.length > 0) cells.push(Array.from(rest, (byte) => byte.toString(16).padStart(2, '0')).join(' '));
  return cells.join('  ');
}

function toJson(part: Part) {
  const place = { address: hexAddress(part.at), length: part.length };
  return part.bytes === undefined
    ? { ...place, hex: null, absent: part.why.where.absence ?? part.why.code, why: part.why.message }
    : { ...place, hex: Buffer.from(part.bytes).toString('hex'), absent: null, why: null };
}
