import { describe, expect, it } from 'vitest';
import { FlatMemory } from '../../test/flat_memory.ts';
import { smallPages } from '../../test/small_pages.ts';
import { virtualAddress } from '../bytes/address.ts';
import { joinHalves } from '../bytes/cursor.ts';
import { DumpError } from '../bytes/errors.ts';
import { NO_TABLE, UNMAPPED } from './translator.ts';
import { VirtualMemory } from './virtual_memory.ts';

const BASE = 0xffff_ffff_0000_0000n;

/** Virtual pages of a test in the order given, at BASE; null is not mapped, 'no-table' is not known. */
function setUp(frames: readonly (number | null | 'no-table')[]) {
  const physical = new FlatMemory();
  const translate = (high: number, low: number) => {
    const at = Number(joinHalves(high, low) - BASE);
    const frame = at < 0 ? null : (frames[Math.floor(at / 4096)] ?? null);
    if (frame === null) return UNMAPPED;
    return frame === 'no-table' ? NO_TABLE : frame * 4096 + (at % 4096);
  };
  return { physical, memory: new VirtualMemory(physical, smallPages(translate)) };
}

const at = (offset: number) => virtualAddress(BASE + BigInt(offset));

describe('VirtualMemory', () => {
  it('reads across pages that lie apart in physical memory', () => {
    const { physical, memory } = setUp([9, 3, 7]);
    for (const [n, frame] of [9, 3, 7].entries())
      physical.put(frame * 4096, new Uint8Array(4096).fill(n + 1));
    expect(memory.read(at(4094), 4)).toEqual(Uint8Array.of(1, 1, 2, 2));
    const all = memory.read(at(0), 3 * 4096);
    expect([all[0], all[4096], all[8192], all.length]).toEqual([1, 2, 3, 12288]);
    expect(memory.translate(at(4096))).toBe(3 * 4096);
  });

  it('copies to where bytes are kept: whole pages with no other copy, and whatever else', () => {
    const { physical, memory } = setUp([9, 3, null]);
    for (const [n, frame] of [9, 3].entries()) physical.put(frame * 4096, new Uint8Array(4096).fill(n + 1));
    const copied = (offset: number, length: number) => {
      const target = new Uint8Array(length);
      memory.copyTo(at(offset), target);
      return target;
    };
    const plain = [copied(4096, 4096), copied(4094, 4), copied(8, 4096)];
    const { reads } = physical;
    const whole = Object.assign(physical, {
      copyPage: (frame: number, target: Uint8Array) => target.set(physical.pages.get(frame) as Uint8Array),
    });
    expect(copied(4096, 4096)).toEqual(plain[0]);
    expect(whole.reads).toBe(reads);
    expect([copied(4094, 4), copied(8, 4096)]).toEqual([Uint8Array.of(1, 1, 2, 2), plain[2]]);
    expect(() => copied(8192, 4096)).toThrow('Nothing is mapped at 0xffffffff00002000');
  });

  it('carries into the high half', () => {
    const physical = new FlatMemory();
    physical.put(0, Uint8Array.of(7));
    physical.put(0xfff, Uint8Array.of(1));
    const seen: [number, number][] = [];
    const translate = (high: number, low: number) => {
      seen.push([high, low]);
      return low % 4096;
    };
    expect(
      new VirtualMemory(physical, smallPages(translate)).readHalves(0xffff_8880, 0xffff_ffff, 2),
    ).toEqual(Uint8Array.of(1, 7));
    expect(seen).toEqual([
      [0xffff_8880, 0xffff_ffff],
      [0xffff_8881, 0],
    ]);
  });

  it('reads the integers of C', () => {
    const { physical, memory } = setUp([1]);
    physical.u64(4096, 0xffff_fffe_8765_4321n);
    expect(memory.u8(at(0))).toBe(0x21);
    expect(memory.u16(at(0))).toBe(0x4321);
    expect(memory.u32(at(0))).toBe(0x8765_4321);
    expect(memory.i32(at(4))).toBe(-2);
    expect(memory.u64Big(at(0))).toBe(0xffff_fffe_8765_4321n);
    expect(memory.i64Big(at(0))).toBe(-0x1_789a_bcdfn);
    expect(memory.pointer(at(0))).toBe(0xffff_fffe_8765_4321n);
    expect(() => memory.u64(at(0))).toThrow('over 2^53');
    expect(memory.u64(at(8))).toBe(0);
  });

  it('says why it has no bytes', () => {
    const { physical, memory } = setUp([1, 'no-table', 2]);
    physical.put(4096, Uint8Array.of(1));
    const codes = [3 * 4096, 4096, 2 * 4096].map((offset) => {
      try {
        memory.read(at(offset), 1);
        return 'read';
      } catch (error) {
        return error instanceof DumpError ? [error.code, error.message] : error;
      }
    });
    expect(codes).toEqual([
      ['unmapped', 'Nothing is mapped at 0xffffffff00003000'],
      ['absent-memory', 'The dump lacks a page table that maps 0xffffffff00001000'],
      ['absent-memory', 'Physical memory at 0x2000 was left out of the dump (virtual 0xffffffff00002000)'],
    ]);
    expect(memory.tryRead(at(4090), 10)).toBeUndefined();
    expect(memory.translate(at(4096))).toBeUndefined();
  });

  it('reads strings up to their NUL, a limit, or the end of what is there', () => {
    const { physical, memory } = setUp([1, 2]);
    physical.put(2 * 4096 - 3, new TextEncoder().encode('abcdéf\0gh'));
    physical.put(3 * 4096 - 2, new TextEncoder().encode('xy'));
    expect(memory.cString(at(4093))).toBe('abcdéf');
    expect(memory.cString(at(4093), 2)).toBe('ab');
    expect(memory.cString(at(8190))).toBe('xy');
    expect(() => memory.cString(at(8192))).toThrow('Nothing is mapped');
  });

  it('refuses lengths that no structure has', () => {
    const { memory } = setUp([1]);
    expect(() => memory.read(at(0), 2 ** 40)).toThrow('at most 67108864 are read at once');
    expect(() => memory.read(at(0), Number.NaN)).toThrow(DumpError);
    expect(() => memory.read(at(8), -1)).toThrow(DumpError);
  });
});
