import type { PiecewiseMemory } from './piecewise_memory.ts';

/** One entry of ORC as the kernel since v6.4 has it. */
export interface WrittenOrc {
  address: bigint;
  spReg?: number;
  spOffset?: number;
  bpReg?: number;
  bpOffset?: number;
  /** 0 undefined, 1 end, 2 call, 3 regs, 4 regs-partial. */
  type: number;
  signal?: boolean;
}

/** Writes `.orc_unwind_ip` at an address and `.orc_unwind` behind it; gives where the entries start. */
export function writeOrc(memory: PiecewiseMemory, at: bigint, entries: WrittenOrc[]): bigint {
  const ips = new Uint8Array(entries.length * 4);
  const bytes = new Uint8Array(entries.length * 6);
  const ipView = new DataView(ips.buffer);
  const view = new DataView(bytes.buffer);
  entries.forEach((entry, n) => {
    ipView.setInt32(n * 4, Number(entry.address - (at + BigInt(n * 4))), true);
    view.setInt16(n * 6, entry.spOffset ?? 0, true);
    view.setInt16(n * 6 + 2, entry.bpOffset ?? 0, true);
    const registers = (entry.spReg ?? 0) | ((entry.bpReg ?? 0) << 4);
    view.setUint16(n * 6 + 4, registers | (entry.type << 8) | (entry.signal ? 0x800 : 0), true);
  });
  memory.add(at, ips);
  memory.add(at + BigInt(ips.length), bytes);
  return at + BigInt(ips.length);
}
