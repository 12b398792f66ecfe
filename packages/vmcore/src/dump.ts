import type { VirtualMemory } from './arch/virtual_memory.ts';
import { addTo, type VirtualAddress } from './bytes/address.ts';
import type { ByteSource } from './bytes/byte_source.ts';
import { DumpError } from './bytes/errors.ts';
import type { Container, ContainerOptions } from './container/container.ts';
import { Btf } from './describe/btf.ts';
import { Kallsyms } from './describe/kallsyms.ts';
import { pagedMemory } from './describe/kernel_memory.ts';
import { compileReader, type Field, type Read } from './describe/type_reader.ts';
import { Types } from './describe/types.ts';
import type { Vmcoreinfo } from './describe/vmcoreinfo.ts';
import type { PhysicalMemory } from './physical_memory.ts';
import { openVmcore, type Vmcore } from './vmcore.ts';

/** Reads one kernel object at an address of this dump. */
export type ObjectReader<S> = (address: VirtualAddress) => Read<S>;

/**
 * A dump with everything by which its kernel describes itself. What costs time is made when it is first asked
 * for and kept. The files of `kernel/` take a Dump and read one subsystem each.
 */
export class Dump {
  readonly container: Container;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly physical: PhysicalMemory;
  /** The kernel's own address space. */
  readonly memory: VirtualMemory;
  readonly #readers = new Map<object, ObjectReader<never>>();
  readonly #made = new Map<unknown, unknown>();
  #symbols: Kallsyms | undefined;
  #types: Types | undefined;

  constructor(vmcore: Vmcore) {
    this.container = vmcore.container;
    this.vmcoreinfo = vmcore.vmcoreinfo;
    this.physical = vmcore.physical;
    this.memory = vmcore.virtual;
  }

  /** Names and addresses of the kernel's image. Throws `not-described` for kernels before 6.0. */
  get symbols(): Kallsyms {
    this.#symbols ??= Kallsyms.fromVmcoreinfo(this.memory, this.vmcoreinfo);
    return this.#symbols;
  }

  /** The kernel's types, from its BTF. Throws `not-described` for a kernel without. */
  get types(): Types {
    this.#types ??= new Types(this.#findBtf());
    return this.#types;
  }

  /** Address of a variable of the kernel by its name. Throws `not-described`. */
  variable(name: string): VirtualAddress {
    const address = this.findVariable(name);
    if (address === undefined)
      throw new DumpError('not-described', `The kernel has no variable ${name}`, { name });
    return address;
  }

  /** Address of a variable of the kernel, if anything names it: VMCOREINFO, then kallsyms. */
  findVariable(name: string): VirtualAddress | undefined {
    return this.vmcoreinfo.findSymbol(name) ?? this.symbols.variable(name);
  }

  /**
   * A compiled reader of one type. `spec` is a constant of its module: the reader is compiled once for each.
   * Throws `not-described` where the kernel lacks the type or a field that is not optional.
   */
  reader<S extends Record<string, Field<unknown>>>(type: string, spec: S): ObjectReader<S> {
    const known = this.#readers.get(spec) as ObjectReader<S> | undefined;
    if (known !== undefined) return known;
    const read = compileReader(this.types, type, spec);
    const reader: ObjectReader<S> = (address) => read(this.memory, address);
    this.#readers.set(spec, reader as ObjectReader<never>);
    return reader;
  }

  /** What a function makes of this dump, made when it is first asked for and kept: `dump.once(readTasks)`. */
  once<T>(make: (dump: Dump) => T): T {
    if (!this.#made.has(make)) this.#made.set(make, make(this));
    return this.#made.get(make) as T;
  }

  /** `container_of`: the object whose member lies at `address`. */
  containerOf(address: VirtualAddress, type: string, member: string): VirtualAddress {
    return addTo(address, -this.types.offsetof(type, member));
  }

  #findBtf(): Btf {
    const start = this.symbols.variable('__start_BTF');
    const stop = this.symbols.variable('__stop_BTF');
    if (start === undefined || stop === undefined) {
      throw new DumpError('not-described', 'The kernel names no BTF (__start_BTF): its types are unknown');
    }
    return new Btf(pagedMemory(this.memory, start, Number(stop - start), 'BTF'));
  }
}

/**
 * Opens a dump (one file, or the files of a split set). Throws what `openVmcore` throws; what the kernel lacks
 * to describe itself is only found out when it is asked for.
 */
export function openDump(sources: ByteSource | readonly ByteSource[], options: ContainerOptions = {}): Dump {
  return new Dump(openVmcore(sources, options));
}
