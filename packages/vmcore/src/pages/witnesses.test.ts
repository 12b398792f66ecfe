import { describe, expect, it } from 'vitest';
import type { FakeDump } from '../../test/fake_dump.ts';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { FakeTasks } from '../../test/fake_tasks.ts';
import { virtualAddress } from '../bytes/address.ts';
import { ClassMap } from './class_map.ts';
import type { Classification } from './classification.ts';
import { classifyCaptureKernel } from './kernel_image.ts';
import { classAt, classIndex, type PageClass } from './page_class.ts';
import type { PageLayout } from './page_layout.ts';
import { slabsByCache } from './slab_objects.ts';
import { classifyStacks } from './virtual_areas.ts';

/** Where the fake map lies in the fake memory; a struct page is 64 bytes. */
const MAP = 0x10_0000;

function classification(dump: FakeDump, classes: Readonly<Record<number, PageClass>>): Classification {
  const map = new ClassMap();
  map.cover(0);
  for (const [frame, name] of Object.entries(classes)) map.set(Number(frame), classIndex(name));
  const slabs = Object.keys(classes)
    .filter((frame) => classes[Number(frame)] === 'slab')
    .map(Number);
  return {
    dump,
    layout: { size: 64 } as PageLayout,
    classes: map,
    sections: [{ first: 0, frames: 1 << 15, map: dump.fake.at(MAP) }],
    slabs: { frames: slabs, orders: slabs.map(() => 0) },
    unnamed: { frames: [], orders: [] },
    findings: [],
  };
}

const nameOf = ({ classes }: Classification, frame: number) => classAt(classes.get(frame)).name;

describe('a slab by its flag', () => {
  function kernel() {
    const fake = new FakeKernel();
    fake.struct('kmem_cache', { name: 'ptr', size: 'u32', object_size: 'u32', list: 'list_head' });
    fake.struct('slab', { flags: 'u64', slab_cache: 'ptr' });
    const head = fake.variable('slab_caches', 'list_head');
    const cache = (name: string) =>
      fake.object('kmem_cache', { name: fake.text(name), size: 64, object_size: 64 });
    const caches = [cache('filp'), cache('dentry')];
    fake.list(head, 'kmem_cache', 'list', caches);
    const slabOf = (frame: number, of: bigint) =>
      fake.object('slab', { slab_cache: of }, fake.memory.at(MAP + frame * 64));
    return { fake, caches, cache, slabOf };
  }

  it('is one where its cache is on the kernel’s list', () => {
    const { fake, caches, slabOf } = kernel();
    slabOf(2, caches[0] ?? 0n);
    slabOf(3, caches[1] ?? 0n);
    const into = classification(fake.dump(), { 2: 'slab', 3: 'slab' });
    const found = slabsByCache(into);
    expect([...found].map(([name, [cache]]) => [name, cache?.slabs])).toEqual([
      ['filp', [{ frame: 2, order: 0 }]],
      ['dentry', [{ frame: 3, order: 0 }]],
    ]);
    expect(into.findings).toEqual([]);
  });

  it('is not kept where its cache is none of the list, or no object at all', () => {
    const { fake, caches, cache, slabOf } = kernel();
    slabOf(2, caches[0] ?? 0n);
    slabOf(3, cache('forged'));
    slabOf(4, 0x1234n);
    const into = classification(fake.dump(), { 2: 'slab', 3: 'slab', 4: 'slab' });
    expect([...slabsByCache(into).keys()]).toEqual(['filp']);
    expect([2, 3, 4].map((frame) => nameOf(into, frame))).toEqual(['slab', 'unidentified', 'unidentified']);
    expect(into.findings.at(-1)).toBe(
      '2 pages of slabs do not lead to a cache of the kernel, and are not kept',
    );
  });

  it('is one while either neighbour of its cache is sound', () => {
    const { fake, caches, slabOf } = kernel();
    slabOf(2, caches[0] ?? 0n);
    fake.set('kmem_cache', caches[0] ?? 0n, 'list.next', 0x1234n);
    const into = classification(fake.dump(), { 2: 'slab' });
    expect([...slabsByCache(into).keys()]).toEqual(['filp']);
  });
});

describe('the stack of a task', () => {
  const FRAME = 0x700;
  const STACK = FRAME * 4096;

  function classified(edit: (tasks: FakeTasks, stack: bigint) => void, was: PageClass) {
    const tasks = new FakeTasks([{ pid: 1, comm: 'init' }]);
    const { kernel } = tasks;
    const stack = kernel.memory.at(STACK);
    kernel.memory.number(stack, 0);
    kernel.set('task_struct', tasks.task(1), 'stack', stack);
    kernel.struct('vmap_area', { va_start: 'u64', va_end: 'u64', list: 'list_head', vm: 'ptr' });
    const head = kernel.variable('vmap_area_list', 'list_head');
    kernel.list(head, 'vmap_area', 'list', []);
    edit(tasks, stack);
    const into = classification(tasks.dump(), { [FRAME]: was });
    classifyStacks(into);
    return { name: nameOf(into, FRAME), findings: into.findings };
  }

  const area = ({ kernel }: FakeTasks, stack: bigint) => {
    const at = kernel.object('vmap_area', { va_start: stack, va_end: stack + 0x5000n });
    kernel.list(kernel.variables.vmap_area_list ?? 0n, 'vmap_area', 'list', [at]);
  };
  const mark = ({ kernel }: FakeTasks, stack: bigint) =>
    kernel.memory.number(virtualAddress(stack), 0x57ac_6e9d);

  it.each([
    ['an area holds it', area],
    ['its end has the mark', mark],
  ])('outweighs the memory map where %s', (_, edit) => {
    const { name, findings } = classified(edit, 'anonymous');
    expect(name).toBe('kernel stack');
    expect(findings).toContain("1 pages of kernel stacks are another's by the memory map");
  });

  it.each<PageClass>(['anonymous', 'unidentified', 'page cache'])(
    'is not kept by the task alone where the memory map says %s',
    (was) => {
      const { name, findings } = classified(() => undefined, was);
      expect(name).toBe(was);
      expect(findings.join()).toMatch(/pages are a kernel stack by a task alone, and not kept for that/);
    },
  );

  it('is one where the memory map agrees', () => {
    expect(classified(() => undefined, 'reserved').name).toBe('kernel stack');
  });
});

describe('memory of the capture kernel', () => {
  const { fake, resource } = (() => {
    const fake = new FakeKernel();
    fake.struct('resource', { start: 'u64', end: 'u64', name: 'ptr', sibling: 'ptr', child: 'ptr' });
    const resource = (name: string, start: number, end: number, values: Record<string, bigint> = {}) =>
      fake.object('resource', { start, end, name: fake.text(name), ...values });
    return { fake, resource };
  })();
  const pages = { 1: 'reserved', 2: 'reserved', 3: 'slab', 4: 'anonymous', 5: 'reserved' } as const;
  const classified = (variables: Readonly<Record<string, bigint>>) => {
    for (const name of Object.keys(fake.variables)) delete fake.variables[name];
    Object.assign(fake.variables, variables);
    const into = classification(fake.dump(), pages);
    classifyCaptureKernel(into);
    return [1, 2, 3, 4, 5].map((frame) => nameOf(into, frame));
  };

  it('is what is reserved of it: a damaged end does not take all memory', () => {
    const crash = resource('Crash kernel', 0x2000, 2 ** 50);
    const names = classified({ crashk_res: crash });
    expect(names).toEqual(['reserved', 'capture kernel', 'slab', 'anonymous', 'capture kernel']);
  });

  it('is found as /proc/iomem has it where nothing names it', () => {
    const crash = resource('Crash kernel', 0x2000, 0x2fff);
    const ram = resource('System RAM', 0, 0xffff, { child: crash });
    // A circle among the siblings.
    fake.set('resource', crash, 'sibling', ram);
    const names = classified({ iomem_resource: resource('PCI mem', 0, 2 ** 46, { child: ram }) });
    expect(names).toEqual(['reserved', 'capture kernel', 'slab', 'anonymous', 'reserved']);
  });
});
