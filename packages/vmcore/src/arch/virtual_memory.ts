import { addTo, type PhysicalAddress, type VirtualAddress } from '../bytes/address.ts';
import { hexHalves, highHalf, i32, i64Big, lowHalf, u8, u16, u32, u64, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { utf8Text } from '../bytes/text.ts';
import { absentMemory, type PhysicalMemory } from '../physical_memory.ts';
import { NO_TABLE, type Translator, UNMAPPED } from './translator.ts';

const TWO_32 = 0x1_0000_0000;

/**
 * Memory as the crashed kernel addressed it. Every read throws `unmapped` where the page tables have nothing,
 * and `absent-memory` where the dump lacks the page or a page table; bytes are lent, read only.
 */
export class VirtualMemory {
  readonly physical: PhysicalMemory;
  readonly #translator: Translator;

  constructor(physical: PhysicalMemory, translator: Translator) {
    this.physical = physical;
    this.#translator = translator;
  }

  /** The physical address behind a virtual one, or undefined where nothing is mapped or a table is missing. */
  translate(address: VirtualAddress): PhysicalAddress | undefined {
    const physical = this.#translator.translate(highHalf(address), lowHalf(address));
    return physical < 0 ? undefined : physical;
  }

  /** Bytes `[address, address + length)`: a view when they lie in one page, else a copy. */
  read(address: VirtualAddress, length: number): Uint8Array {
    return this.readHalves(highHalf(address), lowHalf(address), length);
  }

  /** `read` for hot loops: the address as two unsigned 32-bit halves. */
  readHalves(high: number, low: number, length: number): Uint8Array {
    const { pageSize } = this.physical;
    const offset = low & (pageSize - 1);
    if (offset + length <= pageSize) return this.#page(high, low).subarray(offset, offset + length);
    const bytes = allocate(high, low, length);
    let done = 0;
    while (done < length) {
      const sum = low + done;
      const part = Math.min(pageSize - (sum & (pageSize - 1)), length - done);
      const at = sum & (pageSize - 1);
      const carry = Math.floor(sum / TWO_32);
      bytes.set(this.#page((high + carry) >>> 0, sum >>> 0).subarray(at, at + part), done);
      done += part;
    }
    return bytes;
  }

  /** `read`, but undefined where the memory is not mapped or not in the dump. */
  tryRead(address: VirtualAddress, length: number): Uint8Array | undefined {
    try {
      return this.read(address, length);
    } catch (error) {
      if (error instanceof DumpError && (error.code === 'unmapped' || error.code === 'absent-memory'))
        return undefined;
      throw error;
    }
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
    return u64Big(this.read(address, 8), 0);
  }

  /** C `long`, whole. */
  i64Big(address: VirtualAddress): bigint {
    return i64Big(this.read(address, 8), 0);
  }

  /** C `void *`. */
  pointer(address: VirtualAddress): VirtualAddress {
    return u64Big(this.read(address, 8), 0) as VirtualAddress;
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

  #page(high: number, low: number): Uint8Array {
    const physical = this.#translator.translate(high, low);
    if (physical < 0) throw noTranslation(high, low, physical);
    const { pageSize } = this.physical;
    const page = this.physical.page(Math.floor(physical / pageSize));
    if (typeof page === 'string') {
      const error = absentMemory(physical, page);
      throw new DumpError(error.code, `${error.message} (virtual ${hexHalves(high, low)})`, {
        ...error.where,
        virtual: hexHalves(high, low),
      });
    }
    return page;
  }
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

function noTranslation(high: number, low: number, reason: number): DumpError {
  const address = hexHalves(high, low);
  if (reason === NO_TABLE) {
    return new DumpError('absent-memory', `The dump lacks a page table that maps ${address}`, {
      virtual: address,
    });
  }
  return new DumpError('unmapped', `Nothing is mapped at ${address}`, { virtual: address, reason: UNMAPPED });
}
