import { u64Big } from '../bytes/cursor.ts';
import type { Types } from './types.ts';
import type { PtRegs, PtRegsLayout } from './unwind.ts';

const REGISTERS = ['bp', 'r10', 'r13', 'di', 'dx', 'ip', 'cs', 'sp', 'ss'] as const;

/**
 * Where the unwinder's registers lie in x86_64's `struct pt_regs`. `cs` and `ss` became unions with the bits
 * of FRED in v6.9 (ee63291aa8287), under the same names.
 */
export function ptRegsLayout(types: Types): PtRegsLayout {
  const offsets = Object.fromEntries(REGISTERS.map((name) => [name, types.offsetof('struct pt_regs', name)]));
  return { size: types.sizeof('struct pt_regs'), offsets: offsets as PtRegsLayout['offsets'] };
}

/** Registers of a `struct pt_regs` whose bytes are at hand. */
export function registersOf(bytes: Uint8Array, layout: PtRegsLayout): PtRegs {
  return { get: (register) => u64Big(bytes, layout.offsets[register]) };
}
