import { type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { asciiText, untilNul } from '../bytes/text.ts';

/**
 * VMCOREINFO: the text in which a kernel describes itself to whoever reads its memory. Lines `KEY=VALUE`;
 * `SYMBOL(name)` is a hexadecimal virtual address, `SIZE(type)` bytes, `OFFSET(type.member)` bytes,
 * `LENGTH(name)` array elements, `NUMBER(name)` any integer. Documented in the kernel's
 * `Documentation/admin-guide/kdump/vmcoreinfo.rst`.
 */
export class Vmcoreinfo {
  /** The text as it stood in the dump. */
  readonly text: string;
  readonly #values: ReadonlyMap<string, string>;

  /** Parses the text; lines that are not `KEY=VALUE` are passed over. Of a key named twice the last counts. */
  constructor(bytes: Uint8Array) {
    this.text = asciiText(untilNul(bytes.subarray(0, MOST_BYTES)));
    const values = new Map<string, string>();
    for (const line of this.text.split('\n')) {
      const equals = line.indexOf('=');
      if (equals > 0) values.set(line.slice(0, equals), line.slice(equals + 1));
    }
    this.#values = values;
  }

  /** The value of a key as text (`OSRELEASE`, `BUILD-ID`, `PAGESIZE`, `SYMBOL(prb)` …). */
  value(key: string): string | undefined {
    return this.#values.get(key);
  }

  /** Every key in the order of the text, last value of each. */
  entries(): Iterable<[string, string]> {
    return this.#values.entries();
  }

  /** `uname -r` of the crashed kernel. Throws `not-described`. */
  get osRelease(): string {
    return this.value('OSRELEASE') ?? missing('OSRELEASE');
  }

  /** The kernel's build-id in hexadecimal, since 5.14; undefined for a kernel linked without one. */
  get buildId(): string | undefined {
    return this.value('BUILD-ID');
  }

  /** Bytes per page; 4096 where the text says nothing. */
  get pageSize(): number {
    return this.#integer('PAGESIZE') ?? 4096;
  }

  /** Seconds since the epoch when the kernel crashed; undefined in dumps of a running kernel. */
  get crashTime(): number | undefined {
    return this.#integer('CRASHTIME');
  }

  /** How far KASLR moved the kernel image, in bytes; 0n where the text says nothing. */
  get kernelOffset(): bigint {
    return this.#hexadecimal('KERNELOFFSET') ?? 0n;
  }

  /** Address of a symbol. Throws `not-described`. */
  symbol(name: string): VirtualAddress {
    return this.findSymbol(name) ?? missing(`SYMBOL(${name})`);
  }

  /** Address of a symbol, if the text names it. */
  findSymbol(name: string): VirtualAddress | undefined {
    const value = this.#hexadecimal(`SYMBOL(${name})`);
    return value === undefined ? undefined : virtualAddress(value);
  }

  /** Bytes of a type. Throws `not-described`. */
  size(type: string): number {
    return this.findSize(type) ?? missing(`SIZE(${type})`);
  }

  /** Bytes of a type, if the text has it. */
  findSize(type: string): number | undefined {
    return this.#layout(`SIZE(${type})`);
  }

  /** Bytes from the start of a type to a member (`list_head.next`). Throws `not-described`. */
  offset(member: string): number {
    return this.findOffset(member) ?? missing(`OFFSET(${member})`);
  }

  /** Bytes from the start of a type to a member, if the text has it. */
  findOffset(member: string): number | undefined {
    return this.#layout(`OFFSET(${member})`);
  }

  /** Elements of an array. Throws `not-described`. */
  length(name: string): number {
    return this.findLength(name) ?? missing(`LENGTH(${name})`);
  }

  /** Elements of an array, if the text has it. */
  findLength(name: string): number | undefined {
    return this.#layout(`LENGTH(${name})`);
  }

  /** An integer of the kernel (`PG_slab`, `phys_base`), signed. Throws `not-described`. */
  number(name: string): bigint {
    return this.findNumber(name) ?? missing(`NUMBER(${name})`);
  }

  /** An integer of the kernel, if the text has it. */
  findNumber(name: string): bigint | undefined {
    const value = this.value(`NUMBER(${name})`);
    if (value === undefined || !/^(-?\d{1,20}|0x[0-9a-f]{1,16})$/i.test(value)) return undefined;
    return BigInt(value);
  }

  /** A size, offset or length: bounded, so that sums of a few stay exact. */
  #layout(key: string): number | undefined {
    const value = this.#integer(key);
    return value === undefined || value > MOST_LAYOUT ? undefined : value;
  }

  #integer(key: string): number | undefined {
    const value = this.value(key);
    return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
  }

  #hexadecimal(key: string): bigint | undefined {
    const value = this.value(key);
    return value !== undefined && /^(0x)?[0-9a-f]{1,16}$/i.test(value)
      ? BigInt(`0x${value.replace(/^0x/i, '')}`)
      : undefined;
  }
}

// The kernel's own text is one page on x86_64 and grows by pages elsewhere.
const MOST_BYTES = 1 << 20;
const MOST_LAYOUT = 2 ** 31;

function missing(key: string): never {
  throw new DumpError('not-described', `VMCOREINFO has no usable ${key}`, { key });
}
