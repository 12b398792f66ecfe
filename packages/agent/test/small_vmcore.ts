/**
 * A vmcore with nothing in it but a kernel log: an ELF core of 1 MiB at physical 0, VMCOREINFO, and a printk
 * ring with the layout of kernel 6.1. Its page tables are absent, as in a dump that lost them.
 */
export function smallVmcore(lines: readonly string[], crashSeconds: number): string {
  const memory = Buffer.alloc(MEMORY);
  const head = lines.length - 1;
  const virtual = (physical: number) => KERNEL_MAP + BigInt(physical);
  memory.writeBigUInt64LE(virtual(RING), PRB);
  // struct printk_ringbuffer: desc_ring {count_bits, descs, infos, head_id, tail_id}, text_data_ring {size_bits, data}
  memory.writeUInt32LE(COUNT_BITS, RING);
  memory.writeBigUInt64LE(virtual(DESCS), RING + 8);
  memory.writeBigUInt64LE(virtual(INFOS), RING + 16);
  memory.writeBigUInt64LE(BigInt(head), RING + 24);
  memory.writeUInt32LE(TEXT_BITS, RING + 48);
  memory.writeBigUInt64LE(virtual(TEXT), RING + 56);
  let position = 0;
  lines.forEach((line, id) => {
    const length = Math.ceil((8 + line.length) / 8) * 8;
    memory.writeBigUInt64LE(FINALIZED | BigInt(id), DESCS + id * 24);
    memory.writeBigUInt64LE(BigInt(position), DESCS + id * 24 + 8);
    memory.writeBigUInt64LE(BigInt(position + length), DESCS + id * 24 + 16);
    memory.writeBigUInt64LE(BigInt(id), INFOS + id * 88);
    memory.writeBigUInt64LE(BigInt(id) * 1_000_000n, INFOS + id * 88 + 8);
    memory.writeUInt16LE(line.length, INFOS + id * 88 + 16);
    memory.writeBigUInt64LE(BigInt(id), TEXT + position);
    memory.write(line, TEXT + position + 8, 'latin1');
    position += length;
  });
  return elfCore(memory, vmcoreinfo(crashSeconds)).toString('latin1');
}

const KERNEL_MAP = 0xffff_ffff_8000_0000n;
const FINALIZED = 2n << 62n;
const MEMORY = 1 << 20;
const PRB = 0x1000;
const RING = 0x2000;
const DESCS = 0x10_000;
const INFOS = 0x20_000;
const TEXT = 0x80_000;
const COUNT_BITS = 10;
const TEXT_BITS = 19;

function vmcoreinfo(crashSeconds: number): string {
  const offsets = {
    'printk_ringbuffer.desc_ring': 0,
    'printk_ringbuffer.text_data_ring': 48,
    'prb_desc_ring.count_bits': 0,
    'prb_desc_ring.descs': 8,
    'prb_desc_ring.infos': 16,
    'prb_desc_ring.head_id': 24,
    'prb_desc_ring.tail_id': 32,
    'prb_desc.state_var': 0,
    'prb_desc.text_blk_lpos': 8,
    'prb_data_blk_lpos.begin': 0,
    'prb_data_blk_lpos.next': 8,
    'prb_data_ring.size_bits': 0,
    'prb_data_ring.data': 8,
    'printk_info.seq': 0,
    'printk_info.ts_nsec': 8,
    'printk_info.text_len': 16,
    'printk_info.caller_id': 20,
    'printk_info.dev_info': 24,
    'dev_printk_info.subsystem': 0,
    'dev_printk_info.device': 16,
    'atomic_long_t.counter': 0,
  };
  return [
    'OSRELEASE=6.1.0-56-cloud-amd64',
    'PAGESIZE=4096',
    `SYMBOL(prb)=${(KERNEL_MAP + BigInt(PRB)).toString(16)}`,
    `SYMBOL(init_top_pgt)=${(KERNEL_MAP + 0x1000_0000n).toString(16)}`,
    'NUMBER(phys_base)=0',
    'SIZE(prb_desc)=24',
    'SIZE(printk_info)=88',
    'LENGTH(printk_info_subsystem)=16',
    'LENGTH(printk_info_device)=48',
    ...Object.entries(offsets).map(([name, value]) => `OFFSET(${name})=${value}`),
    `CRASHTIME=${crashSeconds}`,
    '',
  ].join('\n');
}

/** Elf64_Ehdr, a PT_NOTE with VMCOREINFO, a PT_LOAD with the memory. */
function elfCore(memory: Buffer, text: string): Buffer {
  const note = Buffer.alloc(12 + 12 + Math.ceil(text.length / 4) * 4);
  note.writeUInt32LE(11, 0);
  note.writeUInt32LE(text.length, 4);
  note.write('VMCOREINFO\0', 12, 'latin1');
  note.write(text, 24, 'latin1');
  const header = Buffer.alloc(64);
  header.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  header.writeUInt16LE(4, 16);
  header.writeUInt16LE(62, 18);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(2, 56);
  const program = (type: number, offset: number, address: number, size: number): Buffer => {
    const bytes = Buffer.alloc(56);
    bytes.writeUInt32LE(type, 0);
    bytes.writeBigUInt64LE(BigInt(offset), 8);
    bytes.writeBigUInt64LE(BigInt(address), 24);
    bytes.writeBigUInt64LE(BigInt(size), 32);
    bytes.writeBigUInt64LE(BigInt(size), 40);
    return bytes;
  };
  const notes = program(4, 4096, 0, note.length);
  const load = program(1, 65_536, 0, memory.length);
  const file = Buffer.alloc(65_536 + memory.length);
  Buffer.concat([header, notes, load]).copy(file);
  note.copy(file, 4096);
  memory.copy(file, 65_536);
  return file;
}
