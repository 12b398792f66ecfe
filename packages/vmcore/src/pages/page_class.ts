/**
 * Names of the tiers, most worth first. What a report of every stack needs comes before the code, which debug info
 * has too.
 */
export const TIERS = [
  'data, stacks and tables of pages',
  'BTF, ORC and kallsyms',
  'modules',
  'code',
  'slab',
  'vmalloc',
  'other pages of the kernel',
  'memory map of excluded memory',
] as const;

/** Where a class stands in order of worth. */
export type Tier = (typeof TIERS)[number];

/**
 * Whose the bytes are: the kernel's own; what users wrote; what nobody owns any more and users may have written;
 * nobody can tell.
 */
export type Owner = 'kernel' | 'user' | 'stale' | 'unknown';

interface ClassEntry<Name extends string> {
  readonly name: Name;
  /** Null for what is kept only where the policy says so. */
  readonly tier: Tier | null;
  readonly owner: Owner;
  /** How its pages are recognised. */
  readonly reason: string;
}

function entry<Name extends string>(
  name: Name,
  tier: Tier | null,
  owner: Owner,
  reason: string,
): ClassEntry<Name> {
  return { name, tier, owner, reason };
}

const DATA: Tier = 'data, stacks and tables of pages';
const TABLES: Tier = 'BTF, ORC and kallsyms';
const OTHER: Tier = 'other pages of the kernel';

/**
 * What a page frame is used for. A class is known by its index here, which fits in a byte; each frame has one.
 * The order is that of reports, not of worth.
 */
export const PAGE_CLASSES = [
  entry('none', null, 'kernel', 'the memory map does not describe the frame'),
  entry(
    'kernel data',
    DATA,
    'kernel',
    'reserved, and mapped where the kernel is linked to, outside of its code',
  ),
  entry(
    'code on stacks',
    DATA,
    'kernel',
    'kernel code that a CPU ran, or that a stack of what it ran points to',
  ),
  entry('kernel code', 'code', 'kernel', 'reserved, and mapped where the kernel is linked to, in its code'),
  entry('kernel tables', TABLES, 'kernel', 'BTF, ORC or kallsyms in the kernel image'),
  entry('log', DATA, 'kernel', 'the ring of printk, where it is not in the kernel image; the command line'),
  entry('per-CPU', DATA, 'kernel', 'in a unit of the first chunk, or mapped by pcpu_get_vm_areas'),
  entry('kernel stack', DATA, 'kernel', "mapped at a task's stack, or at a stack of a CPU"),
  entry('page table', DATA, 'kernel', 'below the top table of the kernel or of a process, or typed as one'),
  entry('task slab', DATA, 'kernel', 'a slab of a cache that a list of tasks is read from'),
  entry('module', 'modules', 'kernel', "mapped in a module's regions"),
  entry('slab', 'slab', 'kernel', 'PG_slab or PGTY_slab on the head of the block'),
  entry('vmalloc', 'vmalloc', 'kernel', 'mapped in an area of vmalloc'),
  entry('reserved', OTHER, 'kernel', 'PG_reserved: taken at boot, before there was an allocator'),
  entry(
    'large kmalloc',
    OTHER,
    'kernel',
    'PGTY_large_kmalloc; before 6.14 a block without flags that the kernel points to by its address',
  ),
  entry('pages by address', OTHER, 'kernel', 'a page without flags that the kernel points to by its address'),
  entry('block requests', OTHER, 'kernel', "on the page_list of a block device's tags"),
  entry('memory map', OTHER, 'kernel', 'holds the struct page of a page that is kept'),
  entry(
    'memory map of excluded',
    'memory map of excluded memory',
    'kernel',
    'holds struct pages of excluded pages only',
  ),
  entry('capture kernel', null, 'kernel', 'in crashk_res or crashk_low_res'),
  entry('free', null, 'stale', 'in a block of the buddy allocator'),
  entry('free on a CPU', null, 'stale', "on a list of a zone's per_cpu_pageset"),
  entry('page cache', null, 'user', 'mapping is an address_space'),
  entry('page cache, private', null, 'user', 'the same, with PG_private or PG_private_2'),
  entry('shared memory', null, 'user', 'the same, with PG_swapbacked: tmpfs, memfd, shared anonymous memory'),
  entry('anonymous', null, 'user', 'bit 0 of mapping, or PG_swapcache'),
  entry('huge anonymous', null, 'user', 'the same on the head of a block, with every tail'),
  entry('hugetlb', null, 'user', 'PGTY_hugetlb, PG_hugetlb or HUGETLB_PAGE_DTOR on a block'),
  entry('movable', null, 'user', 'bit 1 of mapping alone, or PGTY_zsmalloc: compressed swap'),
  entry(
    'mapped by users',
    null,
    'user',
    'no owner by flags, and _mapcount tells of page tables that map it; VM_USERMAP',
  ),
  entry('pipe', null, 'user', 'a pipe_buffer points to its struct page'),
  entry(
    'socket payload',
    null,
    'user',
    'the head or a fragment of an sk_buff, a page_frag, a page of a page_pool',
  ),
  entry('payload', null, 'user', 'no flags, and the kernel points to its struct page'),
  entry('offline', null, 'kernel', 'PGTY_offline or PGTY_unaccepted: given back to the host, by a balloon'),
  entry('poisoned', null, 'kernel', 'PG_hwpoison: reading it may stop the machine'),
  entry('unidentified', null, 'unknown', 'none of the above'),
] as const;

/** Name of a class. */
export type PageClass = (typeof PAGE_CLASSES)[number]['name'];

const INDEX: ReadonlyMap<PageClass, number> = new Map(PAGE_CLASSES.map(({ name }, n) => [name, n]));

/** Index of a class in `PAGE_CLASSES`. */
export function classIndex(name: PageClass): number {
  return INDEX.get(name) ?? -1;
}

/** The class of an index; `unidentified` for one that no class has. */
export function classAt(index: number): (typeof PAGE_CLASSES)[number] {
  return PAGE_CLASSES[index] ?? PAGE_CLASSES[classIndex('unidentified')] ?? PAGE_CLASSES[0];
}
