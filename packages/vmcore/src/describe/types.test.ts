import { describe, expect, it } from 'vitest';
import { BtfWriter } from '../../test/btf_writer.ts';
import { virtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { Btf } from './btf.ts';
import { declare, layoutText } from './type_declaration.ts';
import { formatObject } from './type_format.ts';
import { compileNaturalReader, compileReader, field } from './type_reader.ts';
import { Types } from './types.ts';

const error = (code: string) => expect.objectContaining({ name: 'DumpError', code });

/** A kernel of a few types, much as the real ones nest them. */
function kernel() {
  const w = new BtfWriter();
  const int = w.int('int', 4, 1);
  const char = w.int('char', 1, 1);
  const long = w.int('long unsigned int', 8);
  const bool = w.int('_Bool', 1, 4);
  const comm = w.array(char, 16);
  const state = w.enum('task_state', [
    ['RUNNING', 0],
    ['DEAD', 128],
  ]);
  const wide = w.enum64('limit', [
    ['MOST', 0xffff_ffff_ffffn],
    ['ENDLESS', 0xffff_ffff_ffff_ffffn],
  ]);
  const node = w.struct('node', 16, [
    { name: 'next', type: w.ptr(w.end + 2), value: 0 },
    { name: 'value', type: long, value: 64 },
  ]);
  const inner = w.union('', 8, [
    { name: 'pid', type: int, value: 0 },
    { name: 'tid', type: int, value: 32 },
  ]);
  const outer = w.struct('', 8, [{ type: inner, value: 0 }]);
  const nodes = w.array(node, 3);
  const task = w.struct('task', 120, [
    { name: 'flags', type: int, value: 0, bitSize: 3 },
    { name: 'depth', type: int, value: 3, bitSize: 6 },
    { type: outer, value: 64 },
    { name: 'comm', type: comm, value: 128 },
    { name: 'state', type: state, value: 256 },
    { name: 'dead', type: bool, value: 288 },
    { name: 'nodes', type: nodes, value: 384 },
    { name: 'parent', type: w.ptr(w.record(10, '', 0, w.end + 2)), value: 768 },
    { name: 'mask', type: long, value: 832 },
  ]);
  w.typedef('task_t', w.record(9, '', 0, task));
  return { w, ids: { int, char, long, task, node, wide }, types: new Types(Btf.of(w.bytes())) };
}

const BASE = 0xffff_8880_0000_0000n;

function memoryOf(bytes: Uint8Array) {
  return {
    reads: 0,
    read(address: bigint, length: number) {
      this.reads += 1;
      const at = Number(address - BASE);
      if (at < 0 || at + length > bytes.length) throw new DumpError('absent-memory', `nothing at ${at}`);
      return bytes.subarray(at, at + length);
    },
  };
}

function taskBytes(): Uint8Array {
  const bytes = new Uint8Array(120);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 5 | (0b100001 << 3), true);
  view.setInt32(8, -2, true);
  view.setInt32(12, 7, true);
  bytes.set([105, 110, 105, 116], 16);
  view.setUint32(32, 128, true);
  bytes[36] = 1;
  view.setBigUint64(56, 3n, true);
  view.setBigUint64(96, 0xffff_8880_1234_5678n, true);
  view.setBigUint64(104, 0x8000_0000_0000_0001n, true);
  return bytes;
}

describe('Types', () => {
  const { types } = kernel();

  it('knows sizes and offsets by C names and paths', () => {
    expect(types.sizeof('struct task')).toBe(120);
    expect(types.sizeof('task_t')).toBe(120);
    expect(types.sizeof('unsigned long')).toBe(8);
    expect(types.id('unsigned long int')).toBe(types.id('long unsigned int'));
    expect(types.sizeof('signed')).toBe(4);
    expect(types.offsetof('task', 'tid')).toBe(12);
    expect(types.offsetof('task_t', 'nodes[2].value')).toBe(48 + 32 + 8);
    expect(types.place('task', 'depth')).toMatchObject({ bitOffset: 3, bitSize: 6 });
    expect(types.has('task', 'nodes[1].next')).toBe(true);
    expect(types.has('task', 'nodes[3]')).toBe(false);
    expect(types.has('task', 'pid.x')).toBe(false);
    expect(types.has('nothing', 'pid')).toBe(false);
  });

  it('says what the kernel does not describe', () => {
    expect(() => types.sizeof('struct nothing')).toThrow(error('not-described'));
    expect(() => types.offsetof('task', 'nothing')).toThrow(error('not-described'));
    expect(() => types.offsetof('task', 'flags')).toThrow(error('not-described'));
    for (const path of ['', '.', 'a.', '[1]', 'a..b', 'a.[1]', 'a[x]', 'a b'])
      expect(() => types.offsetof('task', path), path).toThrow(error('not-described'));
  });

  it('gives enumerators as numbers', () => {
    expect(types.enumerator('task_state', 'DEAD')).toBe(128);
    expect(types.enumerator('enum limit', 'MOST')).toBe(0xffff_ffff_ffff);
    expect(types.findEnumerator('task_state', 'ALIVE')).toBeUndefined();
    expect(types.findLooseEnumerator('MOST')).toBe(0xffff_ffff_ffff);
    expect(() => types.enumerator('limit', 'ENDLESS')).toThrow(error('unsupported'));
  });
});

describe('compileReader', () => {
  const { types } = kernel();

  it('reads fields of every kind in few reads', () => {
    const read = compileReader(types, 'task', {
      flags: field.number('flags'),
      depth: field.number('depth'),
      pid: field.number('__pid', 'pid'),
      comm: field.text('comm'),
      state: field.number('state'),
      dead: field.flag('dead'),
      parent: field.pointer('parent'),
      mask: field.big('mask'),
      nodes: field.address('nodes[1]'),
      raw: field.bytes('state'),
      gone: field.optional(field.number('gone')),
    });
    const memory = memoryOf(taskBytes());
    expect(read(memory, virtualAddress(BASE))).toEqual({
      flags: -3,
      depth: -31,
      pid: -2,
      comm: 'init',
      state: 128,
      dead: true,
      parent: 0xffff_8880_1234_5678n,
      mask: 0x8000_0000_0000_0001n,
      nodes: BASE + 64n,
      raw: Uint8Array.of(128, 0, 0, 0),
      gone: undefined,
    });
    expect(memory.reads).toBe(1);
  });

  it('reads fields as their types suggest', () => {
    const read = compileNaturalReader(types, 'task', ['pid', 'comm', 'mask', 'nodes', 'nodes[0].value']);
    expect(read(memoryOf(taskBytes()), virtualAddress(BASE))).toEqual({
      pid: -2,
      comm: 'init',
      mask: 0x8000_0000_0000_0001n,
      nodes: BASE + 48n,
      'nodes[0].value': 3n,
    });
  });

  it('refuses a missing field, a field of another kind and a number beyond 2^53', () => {
    expect(() => compileReader(types, 'task', { a: field.number('gone', 'lost') })).toThrow(
      /no task\.gone and no task\.lost/,
    );
    expect(() => compileReader(types, 'task', { a: field.number('comm') })).toThrow(error('unsupported'));
    expect(() => compileReader(types, 'task', { a: field.text('pid') })).toThrow(error('unsupported'));
    const read = compileReader(types, 'task', { mask: field.number('mask') });
    expect(() => read(memoryOf(taskBytes()), virtualAddress(BASE))).toThrow(error('bad-format'));
    expect(() => read(memoryOf(new Uint8Array(50)), virtualAddress(BASE))).toThrow(error('absent-memory'));
  });
});

describe('printing', () => {
  it('declares as C does', () => {
    const { w, ids } = kernel();
    const handler = w.ptr(w.funcProto(0, [{ name: 'task', type: w.ptr(ids.task) }, {}]));
    const table = w.array(handler, 4);
    const constant = w.record(10, '', 0, w.ptr(w.record(10, '', 0, ids.char)));
    const toArray = w.ptr(w.array(ids.int, 2));
    const tagged = w.ptr(w.record(18, 'rcu', 0, ids.task));
    const matrix = w.array(w.array(ids.int, 3), 2);
    const none = w.funcProto(ids.int, []);
    const btf = Btf.of(w.bytes());
    expect(declare(btf, handler, 'work')).toBe('void (*work)(struct task *task, ...)');
    expect(declare(btf, table, 'works')).toBe('void (*works[4])(struct task *task, ...)');
    expect(declare(btf, constant, 'name')).toBe('const char *const name');
    expect(declare(btf, toArray, 'pair')).toBe('int (*pair)[2]');
    expect(declare(btf, tagged, 'task')).toBe('struct task *task');
    expect(declare(btf, matrix, 'm')).toBe('int m[2][3]');
    expect(declare(btf, none, 'f')).toBe('int f(void)');
    expect(declare(btf, ids.long)).toBe('long unsigned int');
  });

  it('prints a layout with its holes', () => {
    const { types, ids } = kernel();
    const lines = layoutText(types.btf, ids.task).replace(/(\S) {2,}\/\*/g, '$1 /*');
    expect(lines).toBe(
      `struct task {
    int flags:3; /* 0:0 3 bits */
    int depth:6; /* 0:3 6 bits */
    /* 55 bits unused */
    struct {
        union {
            int pid; /* 8 4 */
            int tid; /* 12 4 */
        }; /* 8 8 */
    }; /* 8 8 */
    char comm[16]; /* 16 16 */
    enum task_state state; /* 32 4 */
    _Bool dead; /* 36 1 */
    /* 11 bytes unused */
    struct node nodes[3]; /* 48 48 */
    const struct task *parent; /* 96 8 */
    long unsigned int mask; /* 104 8 */
    /* 8 bytes unused */
}; /* 120 bytes */
`,
    );
  });

  it('prints an object, and says what the dump lacks', () => {
    const { types } = kernel();
    const memory = memoryOf(taskBytes().slice(0, 100));
    const text = formatObject(types, memory, 'task', virtualAddress(BASE), {
      elements: 1,
      symbol: (address) => (address === 0xffff_8880_1234_5678n ? 'init_task' : undefined),
    });
    expect(text).toBe(`{
    .flags = -3,
    .depth = -31,
    .pid = -2,
    .tid = 7,
    .comm = "init",
    .state = DEAD,
    .dead = true,
    .nodes = {
        [0] = {
            .next = NULL,
            .value = 3,
        },
        /* 2 more */
    },
    .parent = /* nothing at 96 */,
    .mask = /* nothing at 104 */,
}
`);
  });
});

describe('types of damaged BTF', () => {
  it('ends in rings of typedefs, in structs that hold themselves, and in huge arrays', () => {
    const w = new BtfWriter();
    const ring = w.typedef('ring', w.end);
    const itself = w.struct('itself', 8, [{ type: w.end }]);
    let bomb = w.int('int', 4);
    for (let n = 0; n < 8; n++) bomb = w.array(bomb, 0xffff_ffff);
    let wide = w.union('', 4, [{ name: 'leaf', type: bomb }]);
    for (let n = 0; n < 40; n++) wide = w.union('', 4, [{ type: wide }, { type: wide }]);
    const selfArray = w.array(w.end, 1);
    const types = new Types(Btf.of(w.bytes()));
    expect(() => types.sizeof(ring)).toThrow(error('runaway'));
    expect(() => types.has(itself, 'y')).toThrow(error('runaway'));
    expect(() => types.sizeof(bomb)).toThrow(error('bad-format'));
    expect(() => types.sizeof(selfArray)).toThrow(error('bad-format'));
    expect(() => types.has(wide, 'leaf')).toThrow(error('runaway'));
    expect(declare(types.btf, ring, 'x')).toBe('ring x');
    expect(declare(types.btf, selfArray, 'x')).toContain('…');
    expect(layoutText(types.btf, itself).split('\n').length).toBeLessThan(100);
  });
});
