import { describe, expect, test } from 'vitest';
import { ClassMap } from './class_map.ts';
import { classSet } from './classification.ts';
import { classIndex, PAGE_CLASSES, type PageClass } from './page_class.ts';

const SLAB = classIndex('slab');
const ANONYMOUS = classIndex('anonymous');
const FREE = classIndex('free');

describe('the class of each frame', () => {
  test('is none where no memory is, and cannot be set there', () => {
    const map = new ClassMap();
    expect(map.get(5)).toBe(classIndex('none'));
    expect(map.set(5, SLAB)).toBe(false);
    map.fill(0, 10, SLAB);
    expect(map.get(5)).toBe(classIndex('none'));
  });

  test('is kept for frames far apart', () => {
    const map = new ClassMap();
    map.cover(0);
    map.cover(2 ** 30);
    expect(map.set(7, SLAB)).toBe(true);
    expect(map.set(2 ** 30 + 1, FREE)).toBe(true);
    expect([map.get(7), map.get(8), map.get(2 ** 30 + 1)]).toEqual([SLAB, 0, FREE]);
    expect(map.limit).toBe(2 ** 30 + 2 ** 15);
    expect(map.counts()[SLAB]).toBe(1);
  });

  test('is replaced where it is wanted, also over the seam of two pieces and where there is none', () => {
    const map = new ClassMap();
    map.cover(0);
    map.cover(2 ** 15);
    map.fill(2 ** 15 - 4, 2 ** 15 + 4, SLAB);
    map.set(2 ** 15 - 1, FREE);
    map.set(2 ** 15 + 1, FREE);
    map.replacing(classSet('slab', 'none'), ANONYMOUS)({ start: 2 ** 15 - 3, end: 2 ** 15 + 3 });
    const of = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => map.get(from + n));
    expect(of(2 ** 15 - 4, 2 ** 15)).toEqual([SLAB, ANONYMOUS, ANONYMOUS, FREE]);
    expect(of(2 ** 15, 2 ** 15 + 5)).toEqual([ANONYMOUS, FREE, ANONYMOUS, SLAB, 0]);
    map.replacing(classSet('none'), SLAB)({ start: 2 ** 16 - 1, end: 2 ** 16 + 9 });
    expect(of(2 ** 16 - 2, 2 ** 16 + 1)).toEqual([0, SLAB, 0]);
  });

  test('comes in runs, also over the seam of two pieces', () => {
    const map = new ClassMap();
    map.cover(2 ** 15);
    map.cover(0);
    map.fill(2 ** 15 - 2, 2 ** 15 + 3, SLAB);
    map.fill(100, 101, FREE);
    map.fill(103, 104, SLAB);
    const runs = (...names: PageClass[]) => [...map.ranges(classSet(...names))];
    expect(runs('slab')).toEqual([
      { start: 103, end: 104 },
      { start: 2 ** 15 - 2, end: 2 ** 15 + 3 },
    ]);
    expect(runs('free', 'slab')).toHaveLength(3);
    expect(runs('anonymous')).toEqual([]);
  });
});

test('every class has a name of its own, and fits in a byte', () => {
  expect(new Set(PAGE_CLASSES.map(({ name }) => name)).size).toBe(PAGE_CLASSES.length);
  expect(PAGE_CLASSES.length).toBeLessThan(256);
});

test('what users wrote is in no tier', () => {
  for (const { owner, tier } of PAGE_CLASSES) if (owner !== 'kernel') expect(tier).toBeNull();
});
