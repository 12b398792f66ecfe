import { addTo, type PhysicalAddress, type VirtualAddress } from '../bytes/address.ts';
import { hexHalves, highHalf, i32, i64Big, lowHalf, u8, u16, u32, u64, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { utf8Text } from '../bytes/text.ts';
import { type Absence, absentMemory, type PhysicalMemory } from '../physical_memory.ts';
import { NO_TABLE, type Translator } from './translator.ts';

const TWO_32 = 0x1_0000_0000;

/**
 * Memory as the crashed kernel addressed it. Every read throws `unmapped` where the page tables have nothing,
 * and `absent-memory` where the dump lacks the page or a page table; bytes are lent, read only.
 */
export class VirtualMemory {
  readonly physical: PhysicalMemory;
  readonly #translator: Translator;
  /** The page read last, where it lies: most reads are near the one before. */
  #last: Uint8Array | undefined;
  #lastHigh = 0;
  #lastStart = 0;

  constructor(physical: PhysicalMemory, translator: Translator) {
    this.physical = physical;
    this.#translator = translator;
  }

  /** The physical address behind a virtual one, or undefined where nothing is mapped or a table is missing. */
  translate(address: VirtualAddress): PhysicalAddress | undefined {
    return this.translateHalves(highHalf(address), lowHalf(address));
  }

  /** `translate` for hot loops: the address as two unsigned 32-bit halves. */
  translateHalves(high: number, low: number): PhysicalAddress | undefined {
    const physical = this.#translator.translate(high, low);
    return physical < 0 ? undefined : physical;
  }

  /** How many bytes from an address that is mapped certainly lie in one piece: to the end of a page, small or large. */
  pieceHalves(high: number, low: number): number {
    return this.#translator.piece(high, low);
  }

  /** Bytes `[address, address + length)`: a view when they lie in one page, else a copy. */
  read(address: VirtualAddress, length: number): Uint8Array {
    return this.readHalves(highHalf(address), lowHalf(address), length);
  }

  /** `read` for hot loops: the address as two unsigned 32-bit halves. */
  readHalves(high: number, low: number, length: number): Uint8Array {
    const { pageSize } = this.physical;
    const offset = low & (pageSize - 1);
    if (offset + length <= pageSize) {
      const page = this.#page(high, low);
      if (typeof page !== 'object') throw this.#whyNot(high, low);
      return page.subarray(offset, offset + length);
    }
    return this.#copy(high, low, length) ?? this.#throwFirst(high, low, length);
  }

  /** `read`, but undefined where the memory is not mapped or not in the dump. */
  tryRead(address: VirtualAddress, length: number): Uint8Array | undefined {
    const high = highHalf(address);
    const low = lowHalf(address);
    const { pageSize } = this.physical;
    const offset = low & (pageSize - 1);
    if (offset + length > pageSize) return this.#copy(high, low, length);
    const page = this.#page(high, low);
    return typeof page === 'object' ? page.subarray(offset, offset + length) : undefined;
  }

  /**
   * Copies memory to `target`, a whole page without keeping it, for tables that are read once. Throws what `read`
   * does, with anything in `target`.
   */
  copyTo(address: VirtualAddress, target: Uint8Array): void {
    const { physical } = this;
    const low = lowHalf(address);
    if (target.length === physical.pageSize && low % physical.pageSize === 0 && physical.copyPage) {
      const at = this.#translator.translate(highHalf(address), low);
      if (at >= 0 && physical.copyPage(at / physical.pageSize, target) === undefined) return;
    }
    target.set(this.read(address, target.length));
  }

  /** C `unsigned char`. */
  u8(address: VirtualAddress): number {
    return u8(this.read(address, 1), 0);
  }

  /** C `unsigned short`. */
  u16(address: VirtualAddress): number {
    return u16(this.read(address, 2), 0);
  }

  /** C `unsigned int`. */
  u32(address: VirtualAddress): number {
    return u32(this.read(address, 4), 0);
  }

  /** C `int`. */
  i32(address: VirtualAddress): number {
    return i32(this.read(address, 4), 0);
  }

  /** C `unsigned long` as a number; throws `bad-format` above 2^53. */
  u64(address: VirtualAddress): number {
    return u64(this.read(address, 8), 0);
  }

  /** C `unsigned long`, whole. */
  u64Big(address: VirtualAddress): bigint {
    const high = highHalf(address);
    const low = lowHalf(address);
    const { pageSize } = this.physical;
    const offset = low & (pageSize - 1);
    const page = offset + 8 <= pageSize ? this.#page(high, low) : undefined;
    return typeof page === 'object' ? u64Big(page, offset) : u64Big(this.readHalves(high, low, 8), 0);
  }

  /** C `long`, whole. */
  i64Big(address: VirtualAddress): bigint {
    return i64Big(this.read(address, 8), 0);
  }

  /** C `void *`. */
  pointer(address: VirtualAddress): VirtualAddress {
    return this.u64Big(address) as VirtualAddress;
  }

  /**
   * The NUL-terminated string at `address`, as UTF-8; at most `most` bytes of it are read, and what lies on a
   * page that cannot be read is cut off, unless that is the first.
   */
  cString(address: VirtualAddress, most = 4096): string {
    const parts: number[] = [];
    const { pageSize } = this.physical;
    while (parts.length < most) {
      const at = addTo(address, parts.length);
      const room = pageSize - (lowHalf(at) & (pageSize - 1));
      const length = Math.min(room, most - parts.length);
      const bytes = parts.length === 0 ? this.read(at, length) : this.tryRead(at, length);
      if (bytes === undefined) break;
      const end = bytes.indexOf(0);
      parts.push(...(end < 0 ? bytes : bytes.subarray(0, end)));
      if (end >= 0) break;
    }
    return utf8Text(Uint8Array.from(parts));
  }

  /** Bytes of several pages; undefined when one of them cannot be had. */
  #copy(high: number, low: number, length: number): Uint8Array | undefined {
    const { pageSize } = this.physical;
    const bytes = allocate(high, low, length);
    for (let done = 0; done < length; ) {
      const at = (low + done) & (pageSize - 1);
      const part = Math.min(pageSize - at, length - done);
      const page = this.#page(carry(high, low, done), (low + done) >>> 0);
      if (typeof page !== 'object') return undefined;
      bytes.set(page.subarray(at, at + part), done);
      done += part;
    }
    return bytes;
  }

  /** The page that holds the address; or why not: a reason of the translator, or of the dump. */
  #page(high: number, low: number): Uint8Array | Absence | number {
    const { pageSize } = this.physical;
    const start = (low & -pageSize) >>> 0;
    if (start === this.#lastStart && high === this.#lastHigh && this.#last !== undefined) return this.#last;
    const physical = this.#translator.translate(high, low);
    if (physical < 0) return physical;
    const page = this.physical.page(Math.floor(physical / pageSize));
    if (typeof page !== 'string') {
      this.#last = page;
      this.#lastHigh = high;
      this.#lastStart = start;
    }
    return page;
  }

  #throwFirst(high: number, low: number, length: number): never {
    const { pageSize } = this.physical;
    for (let done = 0; done < length; done += pageSize - ((low + done) & (pageSize - 1))) {
      const at = (low + done) >>> 0;
      if (typeof this.#page(carry(high, low, done), at) !== 'object')
        throw this.#whyNot(carry(high, low, done), at);
    }
    throw new DumpError('io', `Memory at ${hexHalves(high, low)} changed while it was read`);
  }

  #whyNot(high: number, low: number): DumpError {
    const virtual = hexHalves(high, low);
    const physical = this.#translator.translate(high, low);
    if (physical === NO_TABLE) {
      return new DumpError('absent-memory', `The dump lacks a page table that maps ${virtual}`, { virtual });
    }
    if (physical < 0) return new DumpError('unmapped', `Nothing is mapped at ${virtual}`, { virtual });
    const page = this.physical.page(Math.floor(physical / this.physical.pageSize));
    const error = absentMemory(physical, typeof page === 'string' ? page : 'damaged');
    return new DumpError(error.code, `${error.message} (virtual ${virtual})`, { ...error.where, virtual });
  }
}

/** The high half of an address that is `offset` after another one. */
function carry(high: number, low: number, offset: number): number {
  return (high + Math.floor((low + offset) / TWO_32)) >>> 0;
}

// No structure of a kernel that is read whole is larger; a length from a damaged dump may be.
const MOST_BYTES = 64 << 20;

function allocate(high: number, low: number, length: number): Uint8Array {
  if (length >= 0 && length <= MOST_BYTES) return new Uint8Array(length);
  throw new DumpError(
    'out-of-bounds',
    `Wanted ${length} bytes at ${hexHalves(high, low)}; at most ${MOST_BYTES} are read at once`,
    {
      length,
    },
  );
}
