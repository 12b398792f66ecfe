import { VirtualMemory } from '../src/arch/virtual_memory.ts';
import { type VirtualAddress, virtualAddress } from '../src/bytes/address.ts';
import { joinHalves } from '../src/bytes/cursor.ts';
import { utf8Bytes } from '../src/bytes/text.ts';
import type { Note } from '../src/container/notes.ts';
import { Btf } from '../src/describe/btf.ts';
import { type LoadedModules, readModules } from '../src/describe/modules.ts';
import { Types } from '../src/describe/types.ts';
import { Vmcoreinfo } from '../src/describe/vmcoreinfo.ts';
import { Dump } from '../src/dump.ts';
import { BtfWriter } from './btf_writer.ts';
import { smallPages } from './small_pages.ts';

/** Where a fake kernel's memory starts: virtual addresses from here are physical ones from 0. */
export const FAKE_BASE = 0xffff_8880_0000_0000n;
const PAGE = 4096;

/** Memory of a fake kernel: bytes put at addresses; pages never touched are not mapped. */
export class FakeMemory {
  readonly #pages = new Map<number, Uint8Array>();
  readonly virtual: VirtualMemory;

  constructor() {
    const physical = {
      pageSize: PAGE,
      frameLimit: 1 << 20,
      page: (frame: number) => this.#pages.get(frame) ?? ('excluded' as const),
      nextHeld: (frame: number) =>
        [...this.#pages.keys()].filter((each) => each >= frame).sort((a, b) => a - b)[0] ?? 1 << 20,
    };
    const translate = (high: number, low: number) => {
      const at = Number(joinHalves(high, low) - FAKE_BASE);
      return at >= 0 && this.#pages.has(Math.floor(at / PAGE)) ? at : -1;
    };
    this.virtual = new VirtualMemory(physical, smallPages(translate));
  }

  /** Address of the byte at `offset` of the memory. */
  at(offset: number): VirtualAddress {
    return virtualAddress(FAKE_BASE + BigInt(offset));
  }

  bytes(address: bigint, bytes: Uint8Array | readonly number[]): void {
    let at = Number(address - FAKE_BASE);
    for (const byte of bytes) {
      const frame = Math.floor(at / PAGE);
      const page = this.#pages.get(frame) ?? new Uint8Array(PAGE);
      this.#pages.set(frame, page);
      page[at % PAGE] = byte;
      at += 1;
    }
  }

  /** Little-endian, of `size` bytes. */
  number(address: bigint, value: number | bigint, size = 8): void {
    const whole = BigInt.asUintN(64, BigInt(value));
    this.bytes(
      address,
      Array.from({ length: size }, (_, n) => Number((whole >> BigInt(8 * n)) & 0xffn)),
    );
  }

  text(address: bigint, text: string): void {
    this.bytes(address, [...utf8Bytes(text), 0]);
  }

  /** Links nodes and their head to a circular list. */
  list(head: bigint, nodes: readonly bigint[]): void {
    const ring = [head, ...nodes];
    ring.forEach((node, n) => {
      this.number(node, ring[(n + 1) % ring.length] as bigint);
      this.number(node + 8n, ring[(n + ring.length - 1) % ring.length] as bigint);
    });
  }
}

/** A dump of nothing but a fake kernel's memory, its variables by name, and its types. */
export class FakeDump extends Dump {
  readonly fake: FakeMemory;
  readonly #variables: ReadonlyMap<string, bigint>;
  readonly #types: Types;

  constructor(
    fake: FakeMemory,
    variables: Readonly<Record<string, bigint>>,
    btf = new BtfWriter(),
    notes: readonly Note[] = [],
  ) {
    const { physical } = fake.virtual;
    super({
      container: {
        format: 'elf',
        machine: 'x86_64',
        memory: physical,
        notes,
        vmcoreinfo: undefined,
        compression: undefined,
        dumpLevel: undefined,
        incomplete: false,
        problems: [],
      },
      vmcoreinfo: new Vmcoreinfo(utf8Bytes('OSRELEASE=6.1.0-fake\n')),
      physical,
      virtual: fake.virtual,
    });
    this.fake = fake;
    this.#variables = new Map(Object.entries(variables));
    this.#types = new Types(Btf.of(btf.bytes()));
  }

  override get types(): Types {
    return this.#types;
  }

  override get namesVariables(): boolean {
    return true;
  }

  override findVariable(name: string): VirtualAddress | undefined {
    const address = this.#variables.get(name);
    return address === undefined ? undefined : virtualAddress(address);
  }

  override findPerCpuVariable(name: string): VirtualAddress | undefined {
    return this.findVariable(name);
  }

  override get loadedModules(): LoadedModules {
    return readModules(this.memory, this.types, this.variable('modules'));
  }
}
