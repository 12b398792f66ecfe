import { describe, expect, it } from 'vitest';
import { FlatMemory } from '../../vmcore/test/flat_memory.ts';
import { type Hit, searchMemory } from './search_memory.ts';

const PATTERN = new TextEncoder().encode('needle');

function memoryWith(...places: readonly number[]) {
  const memory = new FlatMemory();
  for (const place of places) memory.put(place, PATTERN);
  return Object.assign(memory, { frameLimit: 16 });
}

function hits(memory: ReturnType<typeof memoryWith>): number[] {
  return [...searchMemory(memory, PATTERN)]
    .filter((step): step is Hit => 'physical' in step)
    .map((hit) => hit.physical);
}

describe('searchMemory', () => {
  it('finds what lies in a page, at its ends, and over the end of one', () => {
    expect(hits(memoryWith(0, 0x1ffa, 0x2ffd, 0x5000))).toEqual([0, 0x1ffa, 0x2ffd, 0x5000]);
  });

  it('does not join pages between which one is absent', () => {
    const memory = memoryWith(0x2ffd);
    memory.pages.delete(3);
    memory.put(0x4000, PATTERN.subarray(3));
    expect(hits(memory)).toEqual([]);
  });

  it('keeps what lies around a hit', () => {
    const memory = memoryWith(0x1100);
    memory.put(0x10fe, new TextEncoder().encode('a '));
    const [hit] = [...searchMemory(memory, PATTERN)] as Hit[];
    const { context = new Uint8Array(), before = 0 } = hit ?? {};
    expect(new TextDecoder().decode(context.subarray(before - 2, before + 6))).toBe('a needle');
  });

  it('finds overlapping places', () => {
    const memory = Object.assign(new FlatMemory(), { frameLimit: 2 });
    memory.put(0x10, new TextEncoder().encode('aaaa'));
    const found = [...searchMemory(memory, new TextEncoder().encode('aaa'))] as Hit[];
    expect(found.map(({ physical }) => physical)).toEqual([0x10, 0x11]);
  });
});
