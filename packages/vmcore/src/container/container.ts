import type { PhysicalMemory } from '../physical_memory.ts';
import type { Note } from './notes.ts';

/** A dump file's outer form, opened: whatever the format, it comes to memory and notes. */
export interface Container {
  readonly format: 'elf' | 'kdump' | 'flattened kdump' | 'flattened elf';
  /** The machine's architecture as `uname -m` names it (`x86_64`, `aarch64`). */
  readonly machine: string;
  readonly memory: PhysicalMemory;
  /** `NT_PRSTATUS` of each CPU, `VMCOREINFO`, `QEMU`, as the dump has them. */
  readonly notes: readonly Note[];
  /** The text of VMCOREINFO, from wherever this format keeps it. */
  readonly vmcoreinfo: Uint8Array | undefined;
  /** What is wrong with the file though it opened, one sentence each. */
  readonly problems: readonly string[];
}
