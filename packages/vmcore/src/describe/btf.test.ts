import { describe, expect, it } from 'vitest';
import { BtfWriter } from '../../test/btf_writer.ts';
import { DumpError } from '../bytes/errors.ts';
import { Btf } from './btf.ts';

describe('Btf', () => {
  it('reads every kind', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4, 1);
    const bool = w.int('_Bool', 1, 4);
    const pointer = w.ptr(int);
    const array = w.array(int, 7, bool);
    const struct = w.struct('s', 8, [
      { name: 'a', type: int, value: 0, bitSize: 3 },
      { name: 'b', type: pointer, value: 32 },
    ]);
    const union = w.union('u', 4, [{ name: 'x', type: int, value: 0 }]);
    const small = w.enum('e', [['minus', -1]], true);
    const wide = w.enum64('w', [['big', 0x8000_0000_0000_0001n]]);
    const fwd = w.fwd('f', true);
    const typedef = w.typedef('t', struct);
    const qualified = [9, 10, 11].map((kind) => w.record(kind, '', 0, int));
    const proto = w.funcProto(int, [{ name: 'a', type: int }, {}]);
    const func = w.record(12, 'work', 1, proto);
    const variable = w.record(14, 'cpu', 0, int, [1]);
    const section = w.record(15, '.data..percpu', 1, 4096, [variable, 16, 4]);
    const float = w.record(16, 'double', 0, 8);
    const tag = w.record(17, 'remark', 0, struct, [-1]);
    const typeTag = w.record(18, 'user', 0, int);
    const btf = Btf.of(w.bytes());

    expect(btf.type(0)).toEqual({ kind: 'void' });
    expect(btf.type(int)).toMatchObject({ kind: 'int', name: 'int', size: 4, signed: true, bits: 32 });
    expect(btf.type(bool)).toMatchObject({ kind: 'int', bool: true, signed: false });
    expect(btf.type(pointer)).toEqual({ kind: 'ptr', type: int });
    expect(btf.type(array)).toEqual({ kind: 'array', element: int, index: bool, length: 7 });
    expect(btf.type(struct)).toEqual({
      kind: 'struct',
      name: 's',
      size: 8,
      members: [
        { name: 'a', type: int, bitOffset: 0, bitSize: 3 },
        { name: 'b', type: pointer, bitOffset: 32, bitSize: 0 },
      ],
    });
    expect(btf.type(union)).toMatchObject({ kind: 'union', name: 'u' });
    expect(btf.type(small)).toMatchObject({
      kind: 'enum',
      signed: true,
      values: [{ name: 'minus', value: -1n }],
    });
    expect(btf.type(wide)).toMatchObject({
      size: 8,
      values: [{ name: 'big', value: 0x8000_0000_0000_0001n }],
    });
    expect(btf.type(fwd)).toEqual({ kind: 'fwd', name: 'f', of: 'union' });
    expect(btf.type(typedef)).toEqual({ kind: 'typedef', name: 't', type: struct });
    expect(qualified.map((id) => btf.type(id).kind)).toEqual(['volatile', 'const', 'restrict']);
    expect(btf.type(proto)).toEqual({
      kind: 'func_proto',
      returns: int,
      parameters: [
        { name: 'a', type: int },
        { name: '', type: 0 },
      ],
    });
    expect(btf.type(func)).toEqual({ kind: 'func', name: 'work', type: proto, linkage: 'global' });
    expect(btf.type(variable)).toEqual({ kind: 'var', name: 'cpu', type: int, linkage: 'global' });
    expect(btf.type(section)).toMatchObject({
      size: 4096,
      variables: [{ type: variable, offset: 16, size: 4 }],
    });
    expect(btf.type(float)).toEqual({ kind: 'float', name: 'double', size: 8 });
    expect(btf.type(tag)).toEqual({ kind: 'decl_tag', name: 'remark', type: struct, component: -1 });
    expect(btf.type(typeTag)).toEqual({ kind: 'type_tag', name: 'user', type: int });
    expect(btf.end).toBe(typeTag + 1);
  });

  it('finds by kind and name, and keeps several of one name', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4, 1);
    const first = w.struct('twin', 4, [{ name: 'a', type: int }]);
    w.fwd('twin');
    const second = w.struct('twin', 8, [{ name: 'b', type: int }]);
    const wide = w.enum64('twin', []);
    const func = w.record(12, 'twin', 0, w.funcProto(0, []));
    const btf = Btf.of(w.bytes());
    expect(btf.find('struct', 'twin')).toBe(first);
    expect(btf.findAll('struct', 'twin')).toEqual([first, second]);
    expect(btf.find('enum', 'twin')).toBe(wide);
    expect(btf.find('func', 'twin')).toBe(func);
    expect(btf.find('union', 'twin')).toBeUndefined();
    expect(btf.find('struct', 'twi')).toBeUndefined();
    expect([...btf.ofKind('struct')]).toEqual([first, second]);
  });

  it('reads only the pages that a look-up needs', () => {
    const w = new BtfWriter();
    const int = w.int('int', 4, 1);
    for (let n = 0; n < 20_000; n++) w.record(10, '', 0, int);
    const btf = Btf.of(w.bytes());
    expect(btf.find('int', 'int')).toBe(int);
    const early = btf.pagesRead;
    expect(early).toBeLessThan(12);
    expect(btf.find('int', 'none')).toBeUndefined();
    expect(btf.pagesRead).toBeGreaterThan(5 * early);
  });

  it('reads a split blob on top of its base', () => {
    const base = new BtfWriter();
    const int = base.int('int', 4, 1);
    const list = base.struct('list', 4, [{ name: 'n', type: int }]);
    const split = new BtfWriter(base.end, base.stringsEnd);
    const own = split.struct('own', 4, [{ name: 'head', type: list }]);
    const shadow = split.record(8, '', 0, own);
    const blob = split.bytes();
    // Its name, `int`, lies in the base's strings at 1; `own` before it took six words.
    new DataView(blob.buffer).setUint32(24 + 6 * 4, 1, true);
    const kernel = Btf.of(base.bytes());
    const btf = Btf.of(blob, kernel);
    expect(btf.find('struct', 'own')).toBe(own);
    expect(btf.find('struct', 'list')).toBe(list);
    expect(btf.find('typedef', 'int')).toBe(shadow);
    expect(btf.type(own)).toMatchObject({ members: [{ name: 'head', type: list }] });
    expect(btf.type(int)).toMatchObject({ name: 'int' });
    expect(kernel.find('struct', 'own')).toBeUndefined();
  });

  it('steps over a later kind by the layout that the blob brings', () => {
    const w = new BtfWriter();
    w.record(21, 'novel', 2, 0, [1, 2, 3]);
    const int = w.int('int', 4);
    const classic = w.bytes();
    const out = new Uint8Array(classic.length + 8 + 22 * 4);
    out.set(classic.subarray(0, 24));
    out.set(classic.subarray(24), 32);
    const view = new DataView(out.buffer);
    view.setUint32(4, 32, true);
    view.setUint32(24, classic.length - 24, true);
    view.setUint32(28, 22 * 4, true);
    // One word of its own, and one for each of its two items.
    out.set([4, 4], 8 + classic.length + 21 * 4);
    const btf = Btf.of(out);
    expect(btf.find('int', 'int')).toBe(int);
    expect(btf.type(1)).toEqual({ kind: 'unknown', number: 21 });
  });
});

describe('Btf of damaged bytes', () => {
  // Found by the fuzzer: the types before the missing name were entered again at each look-up, and their chain
  // became a circle.
  it('finds the other types where a page of names is missing', () => {
    const w = new BtfWriter();
    const first = w.struct('first', 8, []);
    for (let n = 0; n < 1500; n++) w.fwd(`a_name_that_fills_pages_${n}`);
    const last = w.struct('last', 8, []);
    const whole = w.bytes();
    const strings = 24 + (whole[16] as number) + (whole[17] as number) * 256;
    const page = Math.ceil(strings / 4096) + 2;
    const read = (offset: number, length: number) => {
      if (Math.floor(offset / 4096) === page) throw new DumpError('absent-memory', 'The page is missing');
      return whole.subarray(offset, offset + length);
    };
    const btf = Btf.of({ size: whole.length, read });
    for (let n = 0; n < 3; n++) {
      expect(btf.find('struct', 'first')).toBe(first);
      expect(btf.find('struct', 'last')).toBe(last);
      // Whether there is such a type is not known.
      expect(() => btf.find('struct', 'none')).toThrow('The page is missing');
    }
    const text = String.fromCharCode(...whole.subarray(page * 4096 + 100, page * 4096 + 300));
    const lost = text.split('\0')[1] as string;
    expect(() => btf.find('fwd', lost)).toThrow('The page is missing');
  });

  const error = (code: string) => expect.objectContaining({ name: 'DumpError', code });

  it('refuses what is not BTF', () => {
    expect(() => Btf.of(new Uint8Array(1))).toThrow(error('out-of-bounds'));
    expect(() => Btf.of(new Uint8Array(64))).toThrow(error('bad-format'));
    const swapped = new Uint8Array(64);
    swapped.set([0xeb, 0x9f]);
    expect(() => Btf.of(swapped)).toThrow(error('unsupported'));
  });

  it('refuses sections that end after the blob', () => {
    const bytes = new BtfWriter().bytes();
    new DataView(bytes.buffer).setUint32(20, 0xffff_fff0, true);
    expect(() => Btf.of(bytes)).toThrow(error('bad-format'));
  });

  it('refuses a record that runs past the types', () => {
    const w = new BtfWriter();
    w.record(4, 'huge', 0xffff, 4);
    const btf = Btf.of(w.bytes());
    expect(() => btf.find('struct', 'huge')).toThrow(error('bad-format'));
    expect(() => btf.end).toThrow(error('bad-format'));
  });

  it('refuses an unknown kind, a name outside the strings and one without an end', () => {
    const unknown = new BtfWriter();
    unknown.record(99, '', 0, 0);
    expect(() => Btf.of(unknown.bytes()).type(1)).toThrow(error('bad-format'));
    const named = new BtfWriter();
    named.int('int', 4);
    const outside = named.bytes();
    new DataView(outside.buffer).setUint32(24, 5, true);
    expect(() => Btf.of(outside).find('int', 'int')).toThrow(error('bad-format'));
    const endless = named.bytes();
    endless[endless.length - 1] = 0x41;
    expect(() => Btf.of(endless).type(1)).toThrow(error('bad-format'));
  });

  it('refuses numbers of no type', () => {
    const btf = Btf.of(new BtfWriter().bytes());
    for (const id of [1, -1, 0.5, 2 ** 40]) expect(() => btf.type(id)).toThrow(error('bad-format'));
  });
});
