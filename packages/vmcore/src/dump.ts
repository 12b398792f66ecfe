import type { VirtualMemory } from './arch/virtual_memory.ts';
import { addTo, type VirtualAddress } from './bytes/address.ts';
import type { ByteSource } from './bytes/byte_source.ts';
import { DumpError } from './bytes/errors.ts';
import type { Container, ContainerOptions } from './container/container.ts';
import { type DescriptionOptions, KernelDescription } from './describe/kernel_description.ts';
import type { LoadedModules } from './describe/modules.ts';
import type { Symbols } from './describe/symbols.ts';
import { compileReader, type Field, type Read } from './describe/type_reader.ts';
import type { Types } from './describe/types.ts';
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
  /** Symbols, types and unwind tables by the kernel's own account. */
  readonly description: KernelDescription;
  readonly #readers = new Map<object, ObjectReader<never>>();
  readonly #made = new Map<unknown, unknown>();

  constructor(vmcore: Vmcore, options: DescriptionOptions = {}) {
    this.container = vmcore.container;
    this.vmcoreinfo = vmcore.vmcoreinfo;
    this.physical = vmcore.physical;
    this.memory = vmcore.virtual;
    this.description = new KernelDescription(vmcore.virtual, vmcore.vmcoreinfo, options);
  }

  /** Names and addresses in the kernel's image and its modules. Throws `not-described` for kernels before 6.0. */
  get symbols(): Symbols {
    return this.description.symbols;
  }

  /** The kernel's types, from its BTF. Throws `not-described` for a kernel without. */
  get types(): Types {
    return this.description.types;
  }

  /** Where modules are loaded. */
  get loadedModules(): LoadedModules {
    return this.description.modules;
  }

  /** Whether the kernel's own symbols name all of its variables (`CONFIG_KALLSYMS_ALL`). */
  get namesVariables(): boolean {
    return this.description.kallsyms.hasVariables;
  }

  /** Address of a variable of the kernel by its name. Throws `not-described`. */
  variable(name: string): VirtualAddress {
    const address = this.findVariable(name);
    if (address === undefined)
      throw new DumpError('not-described', `The kernel has no variable ${name}`, { name });
    return address;
  }

  /**
   * Address of a variable of the kernel, if anything names it: VMCOREINFO, kallsyms, or where that has code
   * only, what the kernel exports to modules, and its code.
   */
  findVariable(name: string): VirtualAddress | undefined {
    return this.description.findVariable(name);
  }

  /** Where a per-CPU variable lies before a CPU's offset is added, if the kernel has it; see `PerCpu.variable`. */
  findPerCpuVariable(name: string): VirtualAddress | undefined {
    return this.description.findPerCpuVariable(name);
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
}

/** What a platform does faster than the library: a part of the options that it opens dumps with. */
export type Platform = Pick<ContainerOptions, 'codecs'> & Pick<DescriptionOptions, 'tables'>;

/**
 * Opens a dump (one file, or the files of a split set). Throws what `openVmcore` throws; what the kernel lacks
 * to describe itself is only found out when it is asked for.
 */
export function openDump(
  sources: ByteSource | readonly ByteSource[],
  options: ContainerOptions & DescriptionOptions = {},
): Dump {
  return new Dump(openVmcore(sources, options), options);
}
