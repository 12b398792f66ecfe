import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import type { DataSection } from './btf_type.ts';
import { variableInCode } from './code_variables.ts';
import { findBtf, moduleBtf } from './find_btf.ts';
import { Kallsyms } from './kallsyms.ts';
import type { KernelMemory } from './kernel_memory.ts';
import { readExports } from './ksymtab.ts';
import { type LoadedModule, type LoadedModules, moduleAt, readModules } from './modules.ts';
import { type OrcEntry, type OrcTable, orcLayout } from './orc.ts';
import { orcByShape, orcBySymbols, orcTableAt } from './orc_tables.ts';
import { type PtRegsLayout, ptRegsLayout } from './pt_regs.ts';
import { Symbols } from './symbols.ts';
import type { TableLoops } from './table_loops.ts';
import { Types } from './types.ts';
import type { StackBounds, UnwindContext } from './unwind.ts';
import type { Vmcoreinfo } from './vmcoreinfo.ts';

/** Once computed, kept: also the error, so that what the dump lacks is not looked for again. */
class Lazy<T> {
  #result: { readonly value: T } | { readonly error: unknown } | undefined;
  readonly #compute: () => T;

  constructor(compute: () => T) {
    this.#compute = compute;
  }

  get value(): T {
    if (!this.#result) {
      try {
        this.#result = { value: this.#compute() };
      } catch (error) {
        this.#result = { error };
      }
    }
    if ('error' in this.#result) throw this.#result.error;
    return this.#result.value;
  }
}

/** How a description is read. */
export interface DescriptionOptions {
  /** Passes over the variables that kallsyms has, as if the kernel had been built without CONFIG_KALLSYMS_ALL. */
  readonly kallsymsCodeOnly?: boolean;
  /** Makes loops for the tables of this kernel alone, where the platform has faster ones than the library. */
  readonly tables?: () => TableLoops;
}

/**
 * How one crashed kernel describes itself: symbols, types, modules, and what its code's stacks look like. Each
 * part is read when it is first asked for, and may throw what the dump gives reason to; the others stay.
 */
export class KernelDescription {
  readonly memory: KernelMemory;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly #loops: Lazy<TableLoops | undefined>;
  readonly #kallsyms: Lazy<Kallsyms>;
  readonly #exports: Lazy<ReadonlyMap<string, VirtualAddress>>;
  readonly #types: Lazy<Types>;
  readonly #modules: Lazy<LoadedModules>;
  readonly #symbols: Lazy<Symbols>;
  readonly #orc: Lazy<OrcTable | undefined>;
  readonly #ptRegs: Lazy<PtRegsLayout>;
  #perCpuStart: VirtualAddress | undefined;
  readonly #moduleOrc = new Map<LoadedModule, OrcTable | undefined>();

  constructor(memory: KernelMemory, vmcoreinfo: Vmcoreinfo, options: DescriptionOptions = {}) {
    this.memory = memory;
    this.vmcoreinfo = vmcoreinfo;
    this.#loops = new Lazy(() => options.tables?.());
    this.#kallsyms = new Lazy(() => {
      const codeOnly = options.kallsymsCodeOnly === true;
      return Kallsyms.fromVmcoreinfo(memory, vmcoreinfo, { codeOnly, loops: this.loops });
    });
    this.#exports = new Lazy(() => readExports(memory, this.kallsyms.tableAt));
    this.#types = new Lazy(() => new Types(findBtf(memory, this.kallsyms, this.loops)));
    this.#modules = new Lazy(() => this.#readModules());
    this.#symbols = new Lazy(() => new Symbols(memory, this.types, this.kallsyms, this.modules.modules));
    this.#orc = new Lazy(() => this.#findOrc());
    this.#ptRegs = new Lazy(() => ptRegsLayout(this.types));
  }

  /** What the platform has compiled for this kernel's tables. */
  get loops(): TableLoops | undefined {
    return this.#loops.value;
  }

  /** The kernel's symbols. */
  get kallsyms(): Kallsyms {
    return this.#kallsyms.value;
  }

  /** The kernel's types. */
  get types(): Types {
    return this.#types.value;
  }

  /** The loaded modules. */
  get modules(): LoadedModules {
    return this.#modules.value;
  }

  /** Symbols of the kernel and its modules. */
  get symbols(): Symbols {
    return this.#symbols.value;
  }

  /** Address of a variable of the kernel. Throws `not-described` where nothing names it. */
  variable(name: string): VirtualAddress {
    const address = this.findVariable(name);
    if (address === undefined) {
      throw new DumpError('not-described', `The kernel's symbols have no variable ${name}`, { name });
    }
    return address;
  }

  /**
   * Address of a variable of the kernel, if anything names it: VMCOREINFO, kallsyms, or where that has code
   * only, the symbols that the kernel exports, and the code of functions that read the variable.
   */
  findVariable(name: string): VirtualAddress | undefined {
    const told = this.vmcoreinfo.findSymbol(name);
    if (told !== undefined) return told;
    if (this.kallsyms.hasVariables) return this.kallsyms.variable(name);
    return this.#exports.value.get(name) ?? this.kallsyms.variable(name) ?? variableInCode(this, name);
  }

  /**
   * Where a per-CPU variable lies before a CPU's `__per_cpu_offset` is added, if the kernel has it. Known from
   * BTF too, which has all per-CPU variables with their types.
   */
  findPerCpuVariable(name: string): VirtualAddress | undefined {
    // With variables, kallsyms has them all: BTF would be walked to its end for one that is missing.
    return this.kallsyms.hasVariables ? this.kallsyms.perCpuVariable(name) : this.#perCpuByBtf(name);
  }

  /** Types of a module on top of the kernel's; undefined where it has none that can be read. */
  moduleTypes(module: LoadedModule): Types | undefined {
    if (!module.btf || module.btf.hasBase) return undefined;
    return new Types(moduleBtf(this.memory, module.btf.start, module.btf.size, this.types.btf));
  }

  /** What the unwinder needs, for stacks that `stackAt` tells. */
  unwindContext(stackAt: (address: bigint) => StackBounds | undefined): UnwindContext {
    return {
      memory: this.memory,
      ptRegs: this.#ptRegs.value,
      orc: (address) => this.orc(address),
      isText: (address) => this.symbols.isText(address),
      functionStart: (address) => this.symbols.lookup(address)?.address,
      stackAt,
    };
  }

  /** ORC's entry for an address of code; undefined where there is none, also for damage. */
  orc(address: bigint): OrcEntry | undefined {
    try {
      const own = this.kallsyms.isText(address) ? this.#orc.value?.find(address) : undefined;
      if (own) return own;
      const module = moduleAt(this.modules.modules, address);
      return module && this.#orcOf(module)?.find(address);
    } catch (error) {
      if (error instanceof DumpError) return undefined;
      throw error;
    }
  }

  #orcOf(module: LoadedModule): OrcTable | undefined {
    if (!this.#moduleOrc.has(module)) {
      const { orc } = module;
      const layout = this.#orc.value?.layout;
      const table = orc && layout && orcTableAt(this.memory, layout, orc.ips, orc.entries, orc.count);
      this.#moduleOrc.set(module, table);
    }
    return this.#moduleOrc.get(module);
  }

  #findOrc(): OrcTable | undefined {
    const layout = orcLayout(this.types);
    return (
      orcBySymbols(this.memory, layout, this.kallsyms) ??
      orcByShape(this.memory, layout, this.kallsyms.codeRanges())
    );
  }

  #perCpuByBtf(name: string): VirtualAddress | undefined {
    const { btf } = this.types;
    const variable = btf.find('var', name);
    const section = btf.find('datasec', '.data..percpu');
    const found = variable !== undefined && section !== undefined ? btf.type(section) : undefined;
    if (found?.kind !== 'datasec') return undefined;
    const offset = found.variables.find(({ type }) => type === variable)?.offset;
    if (offset === undefined) return undefined;
    // The section starts at 0 where kallsyms has per-CPU offsets; since v6.15 it starts at an address.
    this.#perCpuStart ??= this.#startOfPerCpu(found);
    return addTo(this.#perCpuStart, offset);
  }

  /** By the first per-CPU variable that the kernel exports: each does some. */
  #startOfPerCpu({ variables }: DataSection): VirtualAddress {
    const named = this.kallsyms.variable('__per_cpu_start');
    if (named !== undefined) return named;
    const { btf } = this.types;
    for (const { type, offset } of variables) {
      const variable = btf.type(type);
      const exported = variable.kind === 'var' ? this.#exports.value.get(variable.name) : undefined;
      if (exported !== undefined) return addTo(exported, -offset);
    }
    return virtualAddress(0n);
  }

  #readModules(): LoadedModules {
    const head = this.findVariable('modules');
    if (head !== undefined) return readModules(this.memory, this.types, head);
    const problem = new DumpError('not-described', 'The list of modules was not found');
    return { modules: [], problem };
  }
}
