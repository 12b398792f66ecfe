import { type VirtualAddress, virtualAddress } from '@kcrash/vmcore/bytes/address';
import { u64Big } from '@kcrash/vmcore/bytes/cursor';
import type { MemoryWriter } from './memory_writer.ts';
import type { Random } from './random.ts';
import type { Touched, Trace } from './trace.ts';
import { limitValue, littleEndian, numberOf } from './values.ts';

/** What damage to memory works on: what reading looks at, by size. */
export interface Target {
  readonly trace: Trace;
  /** Pieces of at most 16 bytes: pointers of lists and trees, numbers. */
  readonly words: readonly Touched[];
  /** Larger ones: objects, tables, text. */
  readonly objects: readonly Touched[];
}

/** Sorts what was read by size. */
export function targetOf(trace: Trace): Target {
  return {
    trace,
    words: trace.touched.filter(({ length }) => length <= 16),
    objects: trace.touched.filter(({ length }) => length > 16),
  };
}

/** Damages kernel memory in one way; says which. */
export type MemoryDamage = (writer: MemoryWriter, target: Target, random: Random) => string;

/** Damage to what the kernel had in memory, where reading will find it. */
export const MEMORY_DAMAGE: readonly MemoryDamage[] = [
  damagedWords,
  damagedWords,
  damagedWords,
  copiedWords,
  copiedWords,
  damagedObject,
  damagedPage,
  damagedPageTable,
];

function damagedWords(writer: MemoryWriter, target: Target, random: Random): string {
  const count = random.few(256);
  let said = '';
  for (let n = 0; n < count; n++) {
    const word = wordOf(target, random);
    const size = Math.min(word.length, random.pick([8, 8, 8, 4, 2, 1]));
    const value = wordValue(target, word.address, size, random);
    putAt(writer, target, word.address, littleEndian(value, size));
    if (n === 0) said = `0x${word.address.toString(16)} = 0x${value.toString(16)}`;
  }
  return `${count} words of memory, the first ${said}`;
}

/** What one place of memory holds, in another: lists that share a tail, objects of a wrong type, circles. */
function copiedWords(writer: MemoryWriter, target: Target, random: Random): string {
  const count = random.few(64);
  let said = '';
  for (let n = 0; n < count; n++) {
    const from = wordOf(target, random);
    const to = wordOf(target, random);
    const bytes = read(target, from.address, 8);
    if (bytes === undefined) continue;
    putAt(writer, target, to.address, bytes);
    if (n === 0) said = `0x${from.address.toString(16)} to 0x${to.address.toString(16)}`;
  }
  return `${count} words copied, the first from ${said}`;
}

function damagedObject(writer: MemoryWriter, target: Target, random: Random): string {
  const object = random.pick(target.objects.length > 0 ? target.objects : target.words);
  const length = Math.min(object.length, 4096);
  const other = random.pick(target.trace.touched);
  const bytes = random.pick([
    () => random.bytes(length),
    () => new Uint8Array(length),
    () => new Uint8Array(length).fill(0xff),
    () => read(target, other.address, length) ?? new Uint8Array(length),
  ])();
  putAt(writer, target, object.address, bytes);
  return `object of ${length} bytes at 0x${object.address.toString(16)} overwritten`;
}

function damagedPage(writer: MemoryWriter, target: Target, random: Random): string {
  const at = random.pick(target.trace.touched).address & ~0xfffn;
  const from = random.pick(target.trace.touched).address & ~0xfffn;
  const bytes = random.chance(50) ? read(target, from, 4096) : random.bytes(4096);
  if (bytes !== undefined) putAt(writer, target, at, bytes);
  return `page 0x${at.toString(16)} overwritten`;
}

/** An entry of the page tables on the way to something that is read. */
function damagedPageTable(writer: MemoryWriter, target: Target, random: Random): string {
  const { address } = random.pick(target.trace.touched);
  const entries = tableEntries(target, address);
  if (entries.length === 0) return damagedWords(writer, target, random);
  const at = random.pick(entries);
  const other = random.pick(tableEntries(target, random.pick(target.trace.touched).address));
  const old = physicalWord(target, at) ?? 0n;
  const value = random.pick([
    () => 0n,
    () => old ^ 0x80n,
    () => old ^ 1n,
    () => (BigInt(at) & ~0xfffn) | 0x63n,
    () => (BigInt(other ?? at) & ~0xfffn) | 0x63n,
    () => 0xf_ffff_ffff_f063n,
    () => old + 0x1000n,
    () => limitValue(random, littleEndian(old, 8), 0),
  ])();
  writer.write(at, littleEndian(value, 8));
  return `page table entry at 0x${at.toString(16)} = 0x${value.toString(16)}`;
}

/** A small piece, or eight bytes of a larger one; rather one that is not zero. */
function wordOf(target: Target, random: Random): Touched {
  for (let tries = 0; ; tries++) {
    const from = random.chance(50) && target.words.length > 0 ? target.words : target.trace.touched;
    const { address, length } = random.pick(from);
    const word = { address: address + BigInt(random.below(length >> 3) * 8), length: Math.min(8, length) };
    if (tries === 4 || read(target, word.address, word.length)?.some((byte) => byte !== 0)) return word;
  }
}

function wordValue(target: Target, address: bigint, size: number, random: Random): bigint {
  const old = read(target, address, size) ?? new Uint8Array(size);
  const pointer = () => random.pick(target.trace.touched).address;
  return random.pick([
    () => limitValue(random, old, 0),
    () => limitValue(random, old, 0),
    () => address,
    () => address - BigInt(random.pick([8, 16, 64, 4096])),
    pointer,
    () => pointer() + BigInt(random.below(64)),
    () => numberOf(old) ^ (1n << BigInt(random.below(64))),
    () => numberOf(old) + BigInt(random.pick([8, 64, 4096, 1 << 20])),
    () => 0xffff_ffff_ffff_fff8n,
    () => 0xdead_0000_0000_0100n,
    () => numberOf(random.bytes(8)),
  ])();
}

function read(target: Target, address: bigint, length: number): Uint8Array | undefined {
  const bytes = target.trace.memory.tryRead(virtualAddress(address), length);
  return bytes === undefined ? undefined : new Uint8Array(bytes);
}

/** Writes what lies on one page. */
function putAt(writer: MemoryWriter, target: Target, address: bigint, bytes: Uint8Array): void {
  const room = 4096 - Number(address & 0xfffn);
  const physical = target.trace.memory.translate(address as VirtualAddress);
  if (physical !== undefined) writer.write(physical, bytes.subarray(0, room));
}

/** Physical addresses of the entries that translate an address, from the top. */
function tableEntries(target: Target, address: bigint): number[] {
  const { paging } = target.trace;
  const entries: number[] = [];
  let table = paging.topTable;
  for (let level = paging.levels; level > 0; level--) {
    const at = table + 8 * Number((address >> BigInt(12 + 9 * (level - 1))) & 511n);
    const entry = physicalWord(target, at);
    if (entry === undefined) break;
    entries.push(at);
    if ((entry & 1n) === 0n || (level < 4 && (entry & 0x80n) !== 0n)) break;
    table = Number(entry & 0xf_ffff_ffff_f000n & ~paging.encryptionMask);
  }
  return entries;
}

function physicalWord(target: Target, at: number): bigint | undefined {
  const page = target.trace.memory.physical.page(Math.floor(at / 4096));
  return typeof page === 'string' ? undefined : u64Big(page, at % 4096);
}
