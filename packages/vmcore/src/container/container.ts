import type { Codecs } from '../codecs/codec.ts';
import type { PhysicalMemory } from '../physical_memory.ts';
import type { Note } from './notes.ts';

/** A dump file's outer form, opened: whatever the format, it comes to memory and notes. */
export interface Container {
  readonly format: 'elf' | 'kdump';
  /** The machine's architecture as `uname -m` names it (`x86_64`, `aarch64`). */
  readonly machine: string;
  readonly memory: PhysicalMemory;
  /** `NT_PRSTATUS` of each CPU, `VMCOREINFO`, `QEMU`, as the dump has them. */
  readonly notes: readonly Note[];
  /** The text of VMCOREINFO, from wherever this format keeps it. */
  readonly vmcoreinfo: Uint8Array | undefined;
  /** How pages are compressed (`zlib`, `lzo`, `snappy`, `zstd`), if they are. */
  readonly compression: string | undefined;
  /** makedumpfile's `-d`, where the format tells it: 1 zero, 2 cache, 4 private, 8 user, 16 free pages left out. */
  readonly dumpLevel: number | undefined;
  /** Whether the writer ran out of room and said so: pages are missing that should be there. */
  readonly incomplete: boolean;
  /** What is wrong with the file though it opened, one sentence each. */
  readonly problems: readonly string[];
}

/** How a container is opened. */
export interface ContainerOptions {
  /** What the platform decompresses faster than the library does. */
  readonly codecs?: Partial<Codecs>;
  /** Pages kept in memory; 2048 when not given. */
  readonly cachePages?: number;
}
