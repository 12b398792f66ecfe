import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flattenedFile } from '../../test/flattened_writer.ts';
import { Layout } from '../../test/layout_writer.ts';
import { MemorySource } from '../../test/memory_source.ts';
import { openFlattened } from './flattened.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);
const open = (file: Uint8Array) => openFlattened(new MemorySource(file));

describe('openFlattened', () => {
  it('reads what a disk would hold after the same writes in the same order', () => {
    const write = fc.record({ offset: fc.nat(300), bytes: fc.uint8Array({ minLength: 1, maxLength: 80 }) });
    const ranges = fc.array(fc.tuple(fc.nat(400), fc.nat(100)), { maxLength: 20 });
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 30 }), ranges, (writes, asked) => {
        const disk = new Uint8Array(400);
        for (const { offset, bytes: written } of writes) disk.set(written, offset);
        const { source, problem } = open(flattenedFile(writes));
        expect(problem).toBeUndefined();
        expect(source.size).toBe(Math.max(...writes.map((w) => w.offset + w.bytes.length)));
        for (const [start, length] of [[0, source.size], ...asked] as const) {
          if (start + length > source.size) expect(() => source.read(start, length)).toThrow('Wanted bytes');
          else expect([...source.read(start, length)]).toEqual([...disk.subarray(start, start + length)]);
        }
      }),
    );
  });

  it('is kept as far as it goes when its end is missing', () => {
    const writes = [
      { offset: 0, bytes: bytes(1, 2, 3, 4) },
      { offset: 4, bytes: bytes(5, 6, 7, 8) },
    ];
    const whole = flattenedFile(writes, { endMark: false });
    expect(open(whole).problem).toContain('no end mark');
    const { source, problem } = open(whole.subarray(0, whole.length - 2));
    expect(problem).toContain('cut off');
    expect([...source.read(0, source.size)]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('refuses sizes and offsets that cannot be', () => {
    const file = flattenedFile([{ offset: 0, bytes: bytes(1) }]);
    const change = (at: number, value: bigint) => {
      const layout = new Layout(file.length).put(0, file);
      new DataView(layout.bytes.buffer).setBigInt64(at, value);
      return layout.bytes;
    };
    expect(() => open(change(4096, 2n ** 60n))).toThrow('Write 0 of the flattened dump');
    expect(() => open(change(4096, -2n))).toThrow('Write 0 of the flattened dump');
    expect(() => open(change(4104, 0n))).toThrow('length 0');
    expect(() => open(change(4104, -5n))).toThrow('Write 0 of the flattened dump');
    expect(() => open(change(16, 2n))).toThrow('type 2 and version 1');
    expect(() => open(file.subarray(0, 20))).toThrow('does not start as a flattened dump');
  });
});
