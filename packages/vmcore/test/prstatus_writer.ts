/** Where `pr_pid` and the registers lie in x86_64's `struct elf_prstatus`, and its size. */
const PID = 32;
const REGISTERS = 112;
const SIZE = 336;
/** Registers by their number in `struct user_regs_struct`. */
const PLACES = { bp: 4, ip: 16, cs: 17, sp: 19 } as const;

/** A descriptor of a note `NT_PRSTATUS`. */
export function prstatus(pid: number, registers: Partial<Record<keyof typeof PLACES, bigint>>): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(PID, pid, true);
  for (const [name, place] of Object.entries(PLACES)) {
    const value = registers[name as keyof typeof PLACES] ?? 0n;
    view.setBigUint64(REGISTERS + place * 8, value, true);
  }
  return bytes;
}

/** An ELF note. */
export function note(name: string, type: number, descriptor: Uint8Array): Uint8Array {
  const nameBytes = Math.ceil((name.length + 1) / 4) * 4;
  const bytes = new Uint8Array(12 + nameBytes + descriptor.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, name.length + 1, true);
  view.setUint32(4, descriptor.length, true);
  view.setUint32(8, type, true);
  for (let n = 0; n < name.length; n++) bytes[12 + n] = name.charCodeAt(n);
  bytes.set(descriptor, 12 + nameBytes);
  return bytes;
}
