import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { u64Big } from '../bytes/cursor.ts';
import { type KernelMemory, tryRead } from './kernel_memory.ts';
import type { Types } from './types.ts';

/** Registers that ORC may count from. */
export type RegisterName = 'bp' | 'r10' | 'r13' | 'di' | 'dx';

/** A source of registers of an interrupted context. */
export interface PtRegs {
  get(register: RegisterName): bigint | undefined;
}

/** Byte offsets in `struct pt_regs` that the unwinder needs. */
export interface PtRegsLayout {
  readonly size: number;
  readonly offsets: Readonly<Record<RegisterName | 'ip' | 'cs' | 'sp' | 'ss', number>>;
}

const REGISTERS = ['bp', 'r10', 'r13', 'di', 'dx', 'ip', 'cs', 'sp', 'ss'] as const;

/**
 * Where the unwinder's registers lie in x86_64's `struct pt_regs`. `cs` and `ss` share their words with the
 * bits of FRED since v6.9 (3c77bf02d0c0).
 */
export function ptRegsLayout(types: Types): PtRegsLayout {
  const offsets = Object.fromEntries(REGISTERS.map((name) => [name, types.offsetof('struct pt_regs', name)]));
  return { size: types.sizeof('struct pt_regs'), offsets: offsets as PtRegsLayout['offsets'] };
}

/** Registers of a `struct pt_regs` whose bytes are at hand, such as the `pr_reg` of a note. */
export function registersOf(bytes: Uint8Array, layout: PtRegsLayout): PtRegs {
  return { get: (register) => u64Big(bytes, layout.offsets[register]) };
}

/** Registers of a `struct pt_regs` in memory; undefined where the dump lacks it. */
export function savedRegisters(memory: KernelMemory, layout: PtRegsLayout, at: VirtualAddress): PtRegs {
  return {
    get(register) {
      const bytes = tryRead(memory, addTo(at, layout.offsets[register]), 8);
      return bytes && u64Big(bytes, 0);
    },
  };
}
