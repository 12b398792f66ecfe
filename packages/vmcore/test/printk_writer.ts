import { VirtualMemory } from '../src/arch/virtual_memory.ts';
import { joinHalves } from '../src/bytes/cursor.ts';
import { Vmcoreinfo } from '../src/describe/vmcoreinfo.ts';
import { FlatMemory } from './flat_memory.ts';
import { concat, Layout } from './layout_writer.ts';
import { smallPages } from './small_pages.ts';

const BASE = 0xffff_ffff_8000_0000n;
const PRB = 0x1000;
const DESCRIPTORS = 0x10_0000;
const INFOS = 0x40_0000;
const TEXT = 0x80_0000;
const DESCRIPTOR_BYTES = 24;
const INFO_BYTES = 88;
const STATES = { reserved: 0n, committed: 1n, finalized: 2n, reusable: 3n };

/** What a test logs. */
export interface Message {
  text: Uint8Array;
  nanoseconds?: number;
  level?: number;
  facility?: number;
  caller?: number;
  subsystem?: string;
  device?: string;
  state?: keyof typeof STATES;
}

/** Memory that starts at a kernel address and has no holes but those of its pages. */
function linearMemory(physical: FlatMemory): VirtualMemory {
  return new VirtualMemory(
    physical,
    smallPages((high, low) => Number(joinHalves(high, low) - BASE)),
  );
}

function vmcoreinfo(...lines: readonly string[]): Vmcoreinfo {
  return new Vmcoreinfo(new TextEncoder().encode(lines.join('\n')));
}

const symbol = (name: string, at: number) => `SYMBOL(${name})=${(BASE + BigInt(at)).toString(16)}`;

/** A printk ring, filled by the rules of the kernel's printk_ringbuffer.c. */
export class PrintkRing {
  readonly physical = new FlatMemory();
  readonly memory = linearMemory(this.physical);
  /** Records whose text is still in the ring, oldest first, by sequence. */
  readonly alive: { sequence: number; begin: number; next: number; message: Message }[] = [];
  readonly #count: number;
  readonly #textSize: number;
  #sequence = 0;
  #head = 0;

  constructor(countBits: number, textBits: number) {
    this.#count = 2 ** countBits;
    this.#textSize = 2 ** textBits;
    this.u64(PRB, BASE + BigInt(PRB + 8));
    this.u64(PRB + 8, countBits);
    this.u64(PRB + 16, BASE + BigInt(DESCRIPTORS));
    this.u64(PRB + 24, BASE + BigInt(INFOS));
    this.u64(PRB + 56, textBits);
    this.u64(PRB + 64, BASE + BigInt(TEXT));
    for (let n = 0; n < this.#count; n++) {
      this.physical.put(this.descriptor(n), new Uint8Array(DESCRIPTOR_BYTES));
      this.physical.put(INFOS + n * INFO_BYTES, new Uint8Array(INFO_BYTES));
    }
    for (let at = 0; at < this.#textSize; at += 8) this.u64(TEXT + at, 0);
    // Before the first record both ids are one before it, and that place is reusable and has no text.
    const first = this.id(-1);
    this.u64(this.descriptor(this.#count - 1), (STATES.reusable << 62n) | first);
    this.#setIds(first, first);
  }

  get vmcoreinfo(): Vmcoreinfo {
    return vmcoreinfo(
      symbol('prb', PRB),
      'SIZE(printk_ringbuffer)=88',
      'OFFSET(printk_ringbuffer.desc_ring)=0',
      'OFFSET(printk_ringbuffer.text_data_ring)=48',
      'OFFSET(prb_desc_ring.count_bits)=0',
      'OFFSET(prb_desc_ring.descs)=8',
      'OFFSET(prb_desc_ring.infos)=16',
      'OFFSET(prb_desc_ring.head_id)=24',
      'OFFSET(prb_desc_ring.tail_id)=32',
      `SIZE(prb_desc)=${DESCRIPTOR_BYTES}`,
      'OFFSET(prb_desc.state_var)=0',
      'OFFSET(prb_desc.text_blk_lpos)=8',
      'OFFSET(prb_data_blk_lpos.begin)=0',
      'OFFSET(prb_data_blk_lpos.next)=8',
      `SIZE(printk_info)=${INFO_BYTES}`,
      'OFFSET(printk_info.seq)=0',
      'OFFSET(printk_info.ts_nsec)=8',
      'OFFSET(printk_info.text_len)=16',
      'OFFSET(printk_info.caller_id)=20',
      'OFFSET(printk_info.dev_info)=24',
      'OFFSET(dev_printk_info.subsystem)=0',
      'LENGTH(printk_info_subsystem)=16',
      'OFFSET(dev_printk_info.device)=16',
      'LENGTH(printk_info_device)=48',
      'OFFSET(prb_data_ring.size_bits)=0',
      'OFFSET(prb_data_ring.data)=8',
      'OFFSET(atomic_long_t.counter)=0',
    );
  }

  /** Writes a record as `prb_reserve` and `prb_commit` do. */
  log(message: Message): void {
    const sequence = this.#sequence++;
    const id = this.id(sequence);
    // The oldest place is taken over.
    while (
      this.alive.length > 0 &&
      (this.alive[0] as { sequence: number }).sequence <= sequence - this.#count
    ) {
      this.alive.shift();
    }
    const { begin, next, at } = this.#allocate(message.text.length);
    const place = sequence % this.#count;
    if (at !== undefined) this.physical.put(TEXT + at, concat(new Layout(8).u64(0, id).bytes, message.text));
    const state = STATES[message.state ?? 'finalized'];
    this.physical.put(
      this.descriptor(place),
      new Layout(DESCRIPTOR_BYTES)
        .u64(0, (state << 62n) | id)
        .u64(8, begin)
        .u64(16, next).bytes,
    );
    const info = new Layout(INFO_BYTES).u64(0, sequence).u64(8, message.nanoseconds ?? sequence * 1000);
    info
      .u16(16, message.text.length)
      .u8(18, message.facility ?? 0)
      .u8(19, (message.level ?? 6) << 5);
    info
      .u32(20, message.caller ?? 1)
      .text(24, message.subsystem ?? '')
      .text(40, message.device ?? '');
    this.physical.put(INFOS + place * INFO_BYTES, info.bytes);
    this.alive.push({ sequence, begin, next, message });
    this.#setIds(id, this.id(Math.max(0, sequence - this.#count + 1)));
  }

  /** Address of a record's descriptor. */
  descriptor(place: number): number {
    return DESCRIPTORS + place * DESCRIPTOR_BYTES;
  }

  u64(at: number, value: number | bigint): void {
    this.physical.u64(at, value);
  }

  setHead(id: bigint): void {
    this.u64(PRB + 8 + 24, id);
  }

  setTail(id: bigint): void {
    this.u64(PRB + 8 + 32, id);
  }

  /** Ids are 62 bits wide and begin just below their end. */
  id(sequence: number): bigint {
    return BigInt.asUintN(62, BigInt(sequence) - BigInt(this.#count));
  }

  #setIds(head: bigint, tail: bigint): void {
    this.setHead(head);
    this.setTail(tail);
  }

  /** Logical positions of a block, and where in the ring it goes; `data_alloc`. */
  #allocate(length: number): { begin: number; next: number; at: number | undefined } {
    if (length === 0) return { begin: 3, next: 3, at: undefined };
    const size = 8 + Math.ceil(length / 8) * 8;
    const begin = this.#head;
    const laps = (position: number) => Math.floor(position / this.#textSize);
    let next = begin + size;
    let at = begin % this.#textSize;
    if (laps(next) !== laps(begin)) {
      at = 0;
      next = laps(next) * this.#textSize + size;
    }
    this.#head = next;
    this.#freeUpTo(next - this.#textSize);
    return { begin, next, at };
  }

  /** Gives up records whose text lies before a position; `data_push_tail`. */
  #freeUpTo(tail: number): void {
    for (let n = 0; n < this.alive.length; ) {
      const { begin, sequence } = this.alive[n] as { begin: number; sequence: number };
      if (begin === 3 || begin >= tail) n++;
      else {
        this.u64(this.descriptor(sequence % this.#count), (STATES.reusable << 62n) | this.id(sequence));
        this.alive.splice(n, 1);
      }
    }
  }
}

/** A record log of kernels before 5.10. */
export class RecordLog {
  readonly physical = new FlatMemory();
  readonly memory = linearMemory(this.physical);
  readonly #headerBytes: number;

  /** `caller` as kernels with PRINTK_CALLER have it. */
  constructor(size: number, { caller = false } = {}) {
    this.#headerBytes = caller ? 20 : 16;
    this.physical.put(PRB, new Uint8Array(64));
    this.physical.put(TEXT, new Uint8Array(size));
    this.u64(PRB, BASE + BigInt(TEXT));
    this.setLength(size);
  }

  get vmcoreinfo(): Vmcoreinfo {
    return vmcoreinfo(
      symbol('log_buf', PRB),
      symbol('log_buf_len', PRB + 8),
      symbol('log_first_idx', PRB + 16),
      symbol('log_next_idx', PRB + 24),
      `SIZE(printk_log)=${this.#headerBytes}`,
      'OFFSET(printk_log.ts_nsec)=0',
      'OFFSET(printk_log.len)=8',
      'OFFSET(printk_log.text_len)=10',
      'OFFSET(printk_log.dict_len)=12',
    );
  }

  u64(at: number, value: number | bigint): void {
    this.physical.u64(at, value);
  }

  setLength(size: number): void {
    this.u64(PRB + 8, size);
  }

  setRange(first: number, next: number): void {
    this.u64(PRB + 16, first);
    this.u64(PRB + 24, next);
  }

  /** Puts raw bytes into the log. */
  put(at: number, bytes: Uint8Array): void {
    this.physical.put(TEXT + at, bytes);
  }

  /** Puts a record at an offset; returns where the next one goes. */
  record(at: number, message: Message, dictionary = ''): number {
    const dict = new TextEncoder().encode(dictionary);
    const plain = this.#headerBytes + message.text.length + dict.length;
    const length = Math.ceil(plain / 4) * 4;
    const header = new Layout(this.#headerBytes).u64(0, message.nanoseconds ?? 0).u16(8, length);
    header.u16(10, message.text.length).u16(12, dict.length);
    header.u8(14, message.facility ?? 0).u8(15, (message.level ?? 6) << 5);
    if (this.#headerBytes === 20) header.u32(16, message.caller ?? 1);
    this.put(at, concat(header.bytes, message.text, dict));
    return at + length;
  }
}
