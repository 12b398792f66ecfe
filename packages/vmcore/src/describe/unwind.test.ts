import { describe, expect, it } from 'vitest';
import { PiecewiseMemory } from '../../test/piecewise_memory.ts';
import { virtualAddress } from '../bytes/address.ts';
import { ORC_REG, type OrcEntry } from './orc.ts';
import type { PtRegsLayout } from './pt_regs.ts';
import { type StackBounds, type UnwindContext, type UnwindStart, unwind } from './unwind.ts';

const CODE = 0xffff_ffff_8100_0000n;
const TASK = 0xffff_c900_0000_0000n;
const IRQ = 0xffff_c900_0010_0000n;
const STACKS: StackBounds[] = [
  { name: 'task', low: TASK, high: TASK + 0x4000n },
  { name: 'irq', low: IRQ, high: IRQ + 0x4000n },
];

const PT_REGS: PtRegsLayout = {
  size: 168,
  offsets: { bp: 32, r10: 56, r13: 16, di: 112, dx: 96, ip: 128, cs: 136, sp: 152, ss: 160 },
};

/** Functions of 256 bytes: number 1 is at CODE + 0x100. */
const at = (n: number, offset = 0x10) => virtualAddress(CODE + BigInt(n * 256 + offset));
const call = (spOffset: number, more: Partial<OrcEntry> = {}): OrcEntry => ({
  type: 'call',
  signal: false,
  spReg: ORC_REG.sp,
  spOffset,
  bpReg: ORC_REG.undefined,
  bpOffset: 0,
  ...more,
});
const END = call(0, { type: 'end', spReg: ORC_REG.undefined });

interface Scene {
  /** ORC by number of the function. */
  orc: Record<number, OrcEntry>;
  words?: [bigint, bigint][];
  start?: Partial<UnwindStart>;
  memory?: PiecewiseMemory;
}

function walk({ orc, words = [], start = {}, memory = stackMemory() }: Scene) {
  for (const [address, value] of words) memory.add(address, word(value));
  const context: UnwindContext = {
    memory,
    ptRegs: PT_REGS,
    orc: (address) => orc[Math.floor(Number(address - CODE) / 256)],
    isText: (address) => address >= CODE && address < CODE + 0x10000n,
    functionStart: (address) => address & ~0xffn,
    stackAt: (address) => STACKS.find(({ low, high }) => address >= low && address < high),
  };
  const from: UnwindStart = {
    ip: at(1),
    sp: virtualAddress(TASK + 0x1000n),
    bp: 0n,
    from: 'switch',
    ...start,
  };
  const result = unwind(context, from);
  return { ...result, addresses: result.frames.map(({ address }) => address) };
}

function stackMemory(): PiecewiseMemory {
  return new PiecewiseMemory(STACKS.map(({ low }) => ({ address: low, bytes: new Uint8Array(0x4000) })));
}

function word(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value, true);
  return bytes;
}

/** The words of a `struct pt_regs` at an address. */
function regs(
  address: bigint,
  values: Partial<Record<keyof PtRegsLayout['offsets'], bigint>>,
): [bigint, bigint][] {
  const all = { cs: 0x10n, ...values } as Record<keyof PtRegsLayout['offsets'], bigint>;
  return Object.entries(all).map(([name, value]) => [
    address + BigInt(PT_REGS.offsets[name as keyof PtRegsLayout['offsets']]),
    value,
  ]);
}

describe('unwind', () => {
  it('follows sp and bp up to the outermost function', () => {
    const sp = TASK + 0x1000n;
    const result = walk({
      orc: {
        1: call(24, { bpReg: ORC_REG.prevSp, bpOffset: -16 }),
        2: call(16, { spReg: ORC_REG.bp, bpReg: ORC_REG.prevSp, bpOffset: -16 }),
        3: call(8, { spReg: ORC_REG.bp, bpReg: ORC_REG.bp, bpOffset: 0 }),
        4: END,
      },
      words: [
        [sp + 8n, sp + 64n],
        [sp + 16n, at(2)],
        [sp + 64n, sp + 128n],
        [sp + 72n, at(3)],
        [sp + 128n, at(4)],
      ],
    });
    expect(result.addresses).toEqual([at(1), at(2), at(3), at(4)]);
    expect(result.end).toBe('complete');
    expect(result.frames.map(({ origin }) => origin)).toEqual(['switch', 'call', 'call', 'call']);
    expect(result.frames.every(({ certainty, stack }) => certainty === 'exact' && stack === 'task')).toBe(
      true,
    );
  });

  it('looks a return address up where the call is, an interrupted one where it is', () => {
    // The call is the last instruction of function 1: its return address is the start of function 2.
    const orc = { 1: call(8), 2: END, 3: END };
    const words: [bigint, bigint][] = [[TASK + 0x1000n, at(3)]];
    const returned = walk({ orc, words, start: { ip: at(2, 0) } });
    expect(returned.addresses).toEqual([at(2, 0), at(3)]);
    expect(walk({ orc, words, start: { ip: at(2, 0), from: 'registers' } }).addresses).toEqual([at(2, 0)]);
  });

  it('switches from the interrupt stack to the task by registers, with their bp', () => {
    const saved = TASK + 0x2000n;
    const result = walk({
      start: { sp: virtualAddress(IRQ + 0x3fe8n) },
      orc: {
        1: call(8),
        // The interrupt's entry: the task's stack pointer stands on top of the interrupt stack.
        2: call(0, { spReg: ORC_REG.spIndirect }),
        3: call(8, { type: 'regs', signal: true }),
        4: call(16, { spReg: ORC_REG.bp, bpReg: ORC_REG.prevSp, bpOffset: -16 }),
        5: END,
      },
      words: [
        [IRQ + 0x3fe8n, at(2)],
        [IRQ + 0x3ff0n, saved - 8n],
        [saved - 16n, at(3)],
        ...regs(saved, { ip: at(4, 0), sp: TASK + 0x2100n, bp: TASK + 0x2200n }),
        [TASK + 0x2208n, at(5)],
      ],
    });
    expect(result.addresses).toEqual([at(1), at(2), at(3), at(4, 0), at(5)]);
    expect(result.end).toBe('complete');
    expect(result.frames[3]).toMatchObject({
      interrupted: true,
      origin: 'pt_regs',
      regs: saved,
      stack: 'task',
      sp: TASK + 0x2100n,
    });
    expect(result.frames.map(({ stack }) => stack)).toEqual(['irq', 'irq', 'task', 'task', 'task']);
  });

  it('takes bp-indirect, r10, r13, di and dx from where they are', () => {
    const sp = TASK + 0x1000n;
    const indirect = walk({
      start: { bp: sp + 0x100n },
      orc: { 1: call(-8, { spReg: ORC_REG.bpIndirect }), 2: END },
      words: [
        [sp + 0xf8n, sp + 0x200n],
        [sp + 0x1f8n, at(2)],
      ],
    });
    expect(indirect.addresses).toEqual([at(1), at(2)]);
    for (const name of ['r10', 'r13', 'di', 'dx'] as const) {
      const orc = { 1: call(0, { spReg: ORC_REG[name] }), 2: END };
      const words: [bigint, bigint][] = [[sp + 0x38n, at(2)]];
      const known = { get: (wanted: string) => (wanted === name ? sp + 0x40n : undefined) };
      expect(walk({ orc, words, start: { regs: known, from: 'registers' } }).addresses).toEqual([
        at(1),
        at(2),
      ]);
      expect(walk({ orc, words })).toMatchObject({ addresses: [at(1)], end: 'undefined' });
    }
  });

  it('reads what the CPU pushed, and keeps the registers of the context before', () => {
    const frame = TASK + 0x1008n;
    const result = walk({
      start: { from: 'registers', regs: { get: (name) => (name === 'r10' ? TASK + 0x1108n : undefined) } },
      orc: {
        1: call(8, { type: 'regs-partial', signal: true }),
        2: call(0, { spReg: ORC_REG.r10 }),
        3: END,
      },
      words: [
        [frame, at(2)],
        [frame + 8n, 0x10n],
        [frame + 24n, TASK + 0x1080n],
        [TASK + 0x1100n, at(3)],
      ],
    });
    expect(result.addresses).toEqual([at(1), at(2), at(3)]);
    expect(result.frames[1]).toMatchObject({ origin: 'iret', interrupted: true, regs: undefined });
  });

  it('ends where user space was left, and says where its registers are', () => {
    const saved = TASK + 0x1008n;
    const result = walk({
      orc: { 1: call(8, { type: 'regs', signal: true }) },
      words: regs(saved, { ip: 0x40_1000n, sp: 0x7fff_0000n, cs: 0x33n }),
    });
    expect(result).toMatchObject({ addresses: [at(1)], end: 'complete', userRegs: saved });
  });

  it('finds who called a NULL pointer, and guesses who jumped to what is no code', () => {
    const orc = { 2: END };
    const words: [bigint, bigint][] = [[TASK + 0x1000n, at(2)]];
    const none = walk({ orc, words, start: { ip: virtualAddress(0n), from: 'registers' } });
    expect(none).toMatchObject({ addresses: [0n, at(2)], end: 'complete' });
    expect(none.frames.map(({ certainty }) => certainty)).toEqual(['exact', 'exact']);
    const wild = walk({ orc, words, start: { ip: virtualAddress(0xdead_beefn), from: 'registers' } });
    expect(wild.addresses).toEqual([0xdead_beefn, at(2)]);
    expect(wild.frames.map(({ certainty }) => certainty)).toEqual(['exact', 'guess']);
  });

  it('guesses by the frame pointer in code without ORC, and all that follows', () => {
    const sp = TASK + 0x1000n;
    const result = walk({
      start: { bp: sp + 0x40n },
      orc: { 2: call(8), 3: END },
      words: [
        [sp + 0x48n, at(2)],
        [sp + 0x50n, at(3)],
      ],
    });
    expect(result.frames.map(({ certainty, origin }) => [certainty, origin])).toEqual([
      ['exact', 'switch'],
      ['guess', 'frame-pointer'],
      ['guess', 'frame-pointer'],
    ]);
  });
});

describe('unwind of a panic', () => {
  const sp = TASK + 0x1000n;
  const orc = { 1: call(0, { type: 'undefined' }), 2: call(8), 3: END };
  const start = { from: 'registers' } as const;
  /** Function 2 calls function 1 just before `at(2)`. */
  const memory = () => {
    const memory = stackMemory();
    const calls = new Uint8Array(5);
    calls[0] = 0xe8;
    new DataView(calls.buffer).setInt32(1, Number(at(1, 0) - at(2)), true);
    memory.add(CODE, new Uint8Array(0x1000));
    memory.add(at(2) - 5n, calls);
    return memory;
  };

  it('finds the caller of a function without ORC by its call', () => {
    const words: [bigint, bigint][] = [
      [sp + 0x10n, at(3)],
      [sp + 0x40n, at(2)],
      [sp + 0x48n, at(3)],
    ];
    const result = walk({ orc, words, start, memory: memory() });
    expect(result.addresses).toEqual([at(1), at(2), at(3)]);
    expect(result.frames.map(({ origin }) => origin)).toEqual(['registers', 'call-site', 'call']);
    expect(result.frames.every(({ certainty }) => certainty === 'exact')).toBe(true);
    expect(result.end).toBe('complete');
  });

  it('only guesses where the walk from there leads nowhere', () => {
    const result = walk({ orc, words: [[sp + 0x40n, at(2)]], start, memory: memory() });
    expect(result.frames.map(({ certainty }) => certainty)).toEqual(['exact', 'guess']);
    expect(result.end).toBe('not-code');
  });

  it('takes none of two', () => {
    const words: [bigint, bigint][] = [
      [sp + 0x40n, at(2)],
      [sp + 0x80n, at(2)],
    ];
    expect(walk({ orc, words, start, memory: memory() })).toMatchObject({
      addresses: [at(1)],
      end: 'undefined',
    });
  });
});

describe('unwind of damaged stacks', () => {
  it('shows no frame that is no code, nor one of a stack that was given back', () => {
    expect(walk({ orc: { 1: call(8) }, words: [[TASK + 0x1000n, 0x1234n]] })).toMatchObject({
      addresses: [at(1)],
      end: 'not-code',
    });
    expect(walk({ orc: {}, start: { ip: virtualAddress(0x1234n) } })).toMatchObject({
      addresses: [],
      end: 'not-code',
    });
    expect(walk({ orc: {}, start: { sp: virtualAddress(0xffff_8880_0000_0000n) } })).toMatchObject({
      addresses: [],
      end: 'off-stack',
    });
  });

  it('ends where the stack ends, the memory is missing or ORC knows nothing', () => {
    expect(walk({ orc: { 1: call(0x7000) } }).end).toBe('off-stack');
    const memory = stackMemory();
    memory.drop(TASK + 0x1000n);
    expect(walk({ orc: { 1: call(8) }, memory })).toMatchObject({ end: 'absent-memory' });
    expect(walk({ orc: { 1: call(0, { type: 'undefined' }) } }).end).toBe('undefined');
    expect(walk({ orc: { 1: call(0, { spReg: 12 }) } }).end).toBe('undefined');
    expect(walk({ orc: { 1: call(8, { bpReg: 12 }) }, words: [[TASK + 0x1000n, at(1)]] }).end).toBe(
      'undefined',
    );
  });

  it('ends in a ring of frames, within a stack and between stacks', () => {
    const sp = TASK + 0x1000n;
    const down = walk({ orc: { 1: call(-0x100) }, words: [[sp - 0x108n, at(1)]] });
    expect(down).toMatchObject({ addresses: [at(1)], end: 'runaway' });
    const between = walk({
      orc: { 1: call(0, { spReg: ORC_REG.spIndirect }) },
      words: [
        [sp, IRQ + 0x100n],
        [IRQ + 0xf8n, at(1)],
        [IRQ + 0x100n, sp],
        [sp - 8n, at(1)],
      ],
    });
    expect(between).toMatchObject({ addresses: [at(1), at(1)], end: 'off-stack' });
  });

  it('starts on the stack above when the stack pointer ran into the guard page', () => {
    const result = walk({
      start: { sp: virtualAddress(TASK - 0x20n), from: 'registers' },
      orc: { 1: call(0x40), 2: END },
      words: [[TASK + 0x18n, at(2)]],
    });
    expect(result).toMatchObject({ addresses: [at(1), at(2)], end: 'complete' });
  });
});
