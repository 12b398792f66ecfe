import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { i32, u8, u64Big } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import type { Dump } from '../dump.ts';

/** `CONFIG_NR_CPUS` is no more than this on any architecture. */
const MOST_CPUS = 8192;

/** Which CPUs a kernel keeps book of: bits of `__cpu_…_mask`. */
export type CpuMask = 'possible' | 'present' | 'online' | 'active' | 'dying';

/** The per-CPU memory of a dump's kernel. Throws what `new PerCpu` throws. */
export function perCpu(dump: Dump): PerCpu {
  return dump.once(makePerCpu);
}

function makePerCpu(dump: Dump): PerCpu {
  return new PerCpu(dump);
}

/** The per-CPU memory of a kernel: one copy of each per-CPU variable for every possible CPU. */
export class PerCpu {
  /** CPUs that may ever run; each has per-CPU memory. Ascending. */
  readonly possible: readonly number[];
  readonly #dump: Dump;
  /** By CPU number: what to add to a per-CPU variable's address. */
  readonly #offsets: readonly VirtualAddress[];
  readonly #variables = new Map<string, VirtualAddress | undefined>();

  /** Throws `not-described` where nothing tells the offsets or the CPUs, and what reading them throws. */
  constructor(dump: Dump) {
    this.#dump = dump;
    const limit = cpuLimit(dump);
    this.possible = readCpuMask(dump, 'possible', limit) ?? [0];
    this.#offsets = readOffsets(dump, (this.possible.at(-1) ?? 0) + 1);
  }

  /** CPUs of a mask, ascending; undefined where the kernel does not name the mask. */
  mask(mask: CpuMask): readonly number[] | undefined {
    return mask === 'possible' ? this.possible : readCpuMask(this.#dump, mask, cpuLimit(this.#dump));
  }

  /** Address of a CPU's copy of a per-CPU variable, by the variable's name. Throws `not-described`. */
  variable(name: string, cpu: number): VirtualAddress {
    const address = this.findVariable(name, cpu);
    if (address !== undefined) return address;
    throw new DumpError('not-described', `The kernel has no per-CPU variable ${name}`, { name });
  }

  /** The same, undefined where the kernel has no such variable. Throws `not-described` for an unknown CPU. */
  findVariable(name: string, cpu: number): VirtualAddress | undefined {
    if (!this.#variables.has(name)) this.#variables.set(name, this.#dump.findPerCpuVariable(name));
    const address = this.#variables.get(name);
    return address === undefined ? undefined : this.pointer(address, cpu);
  }

  /** `per_cpu_ptr`: a CPU's copy of what a `__percpu` pointer means. Throws `not-described`. */
  pointer(pointer: VirtualAddress, cpu: number): VirtualAddress {
    const offset = this.#offsets[cpu];
    if (offset === undefined || !this.possible.includes(cpu)) {
      throw new DumpError('not-described', `The kernel has no CPU ${cpu}`, { cpu });
    }
    return addTo(pointer, offset);
  }

  /**
   * `percpu_counter_sum` of a C `struct percpu_counter`: its value with what the CPUs have not added yet.
   * Throws what reading memory throws.
   */
  counter(address: VirtualAddress): bigint {
    const { types, memory } = this.#dump;
    let sum = memory.i64Big(addTo(address, types.offsetof('percpu_counter', 'count')));
    const counters = memory.pointer(addTo(address, types.offsetof('percpu_counter', 'counters')));
    // 0 while a counter is not initialised, and in kernels without SMP.
    if (counters === 0n) return sum;
    for (const cpu of this.possible) sum += BigInt(memory.i32(this.pointer(counters, cpu)));
    return sum;
  }
}

/** How many CPUs the kernel's masks have bits for that count. Throws what reading memory throws. */
function cpuLimit(dump: Dump): number {
  // A constant in kernels without SMP, and in those built to have NR_CPUS fixed (FORCE_NR_CPUS, 6.1).
  const at = dump.findVariable('nr_cpu_ids');
  if (at === undefined) return dump.findVariable('__per_cpu_offset') === undefined ? 1 : maskBits(dump);
  const count = i32(dump.memory.read(at, 4), 0);
  if (count < 1 || count > MOST_CPUS) {
    throw new DumpError('bad-format', `nr_cpu_ids is ${count}: wanted 1 to ${MOST_CPUS}`, { count });
  }
  return count;
}

function maskBits(dump: Dump): number {
  return Math.min(dump.types.sizeof('struct cpumask') * 8, MOST_CPUS);
}

/**
 * The CPUs set in `__cpu_…_mask`, a symbol since 4.5. Undefined where the kernel has none of that name.
 */
function readCpuMask(dump: Dump, mask: CpuMask, limit: number): number[] | undefined {
  const at = dump.findVariable(`__cpu_${mask}_mask`);
  if (at === undefined) return undefined;
  return bitsOf(dump.memory.read(at, Math.ceil(limit / 64) * 8), limit);
}

/** Numbers of the bits set in a bitmap (C `unsigned long[]` of a little-endian machine), ascending. */
export function bitsOf(bitmap: Uint8Array, limit = bitmap.length * 8): number[] {
  const bits: number[] = [];
  for (let n = 0; n < limit; n++) {
    if ((u8(bitmap, n >> 3) & (1 << (n & 7))) !== 0) bits.push(n);
  }
  return bits;
}

function readOffsets(dump: Dump, cpus: number): VirtualAddress[] {
  const at = dump.findVariable('__per_cpu_offset');
  // Without SMP a per-CPU variable is a plain one.
  if (at === undefined) return [virtualAddress(0n)];
  const bytes = dump.memory.read(at, cpus * 8);
  return Array.from({ length: cpus }, (_, cpu) => virtualAddress(u64Big(bytes, cpu * 8)));
}
