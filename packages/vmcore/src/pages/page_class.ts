/** Where a class stands in order of worth; `null` is never kept unless the policy says so. */
export type Tier = 'image' | 'stacks' | 'tables' | 'slab' | 'vmalloc' | 'kernel' | 'excluded-map';

/** Names of the tiers, most worth first. */
export const TIERS: readonly Tier[] = [
  'image',
  'stacks',
  'tables',
  'slab',
  'vmalloc',
  'kernel',
  'excluded-map',
];

interface ClassEntry {
  readonly name: string;
  readonly tier: Tier | null;
  /** Whether its pages hold what users or their programs wrote, or may still hold it. */
  readonly user: boolean;
  /** How its pages are recognised. */
  readonly reason: string;
}

/**
 * What a page frame is used for. A class is known by its index here, which fits in a byte; each frame has one.
 * The order is that of reports, not of worth.
 */
export const PAGE_CLASSES = [
  { name: 'none', tier: null, user: false, reason: 'no memory of the machine is described at the frame' },
  {
    name: 'kernel image',
    tier: 'image',
    user: false,
    reason: 'mapped at the address that the kernel is linked to, and reserved',
  },
  {
    name: 'reserved',
    tier: 'kernel',
    user: false,
    reason: 'PG_reserved: taken at boot, before there was an allocator',
  },
  {
    name: 'per-CPU',
    tier: 'stacks',
    user: false,
    reason: 'in a per-CPU unit of the first chunk, or mapped by pcpu_get_vm_areas',
  },
  {
    name: 'kernel stack',
    tier: 'stacks',
    user: false,
    reason: "mapped at a task's stack, or at a stack of a CPU",
  },
  {
    name: 'page table',
    tier: 'stacks',
    user: false,
    reason: "in the tree below init_mm's or a process's top table, or typed as one",
  },
  { name: 'kernel tables', tier: 'tables', user: false, reason: 'BTF, ORC or kallsyms in the kernel image' },
  { name: 'slab', tier: 'slab', user: false, reason: 'PG_slab or PGTY_slab on the head of the block' },
  { name: 'module', tier: 'vmalloc', user: false, reason: "mapped in a module's regions" },
  { name: 'vmalloc', tier: 'vmalloc', user: false, reason: 'mapped in a vmap_area of vmalloc or vmap' },
  {
    name: 'large kmalloc',
    tier: 'kernel',
    user: false,
    reason: 'PGTY_large_kmalloc; before 6.14 a block without flags that kernel memory points to by address',
  },
  {
    name: 'kernel data',
    tier: 'kernel',
    user: false,
    reason: 'a page without flags that kernel memory points to by address only',
  },
  { name: 'request pages', tier: 'kernel', user: false, reason: "on page_list of a block device's tags" },
  { name: 'memory map', tier: 'kernel', user: false, reason: 'holds a struct page of a page that is kept' },
  {
    name: 'memory map of excluded',
    tier: 'excluded-map',
    user: false,
    reason: 'holds struct pages of excluded pages only',
  },
  { name: 'crash kernel', tier: null, user: false, reason: 'in crashk_res or crashk_low_res' },
  { name: 'free', tier: null, user: true, reason: 'in a block of the buddy allocator' },
  { name: 'free on a CPU', tier: null, user: true, reason: "on a list of a zone's per_cpu_pageset" },
  { name: 'page cache', tier: null, user: true, reason: 'mapping is an address_space' },
  {
    name: 'page cache, private',
    tier: null,
    user: true,
    reason: 'mapping is an address_space, and PG_private or PG_private_2',
  },
  {
    name: 'shared memory',
    tier: null,
    user: true,
    reason: 'mapping is an address_space, and PG_swapbacked: tmpfs, memfd, shared anonymous memory',
  },
  { name: 'anonymous', tier: null, user: true, reason: 'bit 0 of mapping, or PG_swapcache' },
  {
    name: 'huge anonymous',
    tier: null,
    user: true,
    reason: 'the same on the head of a block, with every tail',
  },
  {
    name: 'hugetlb',
    tier: null,
    user: true,
    reason: 'PGTY_hugetlb, PG_hugetlb or HUGETLB_PAGE_DTOR on a block',
  },
  {
    name: 'movable',
    tier: null,
    user: true,
    reason: 'bit 1 of mapping, or PGTY_zsmalloc: compressed swap, balloons',
  },
  {
    name: 'mapped by users',
    tier: null,
    user: true,
    reason: 'no owner in flags, and _mapcount says that page tables of processes map it',
  },
  { name: 'pipe', tier: null, user: true, reason: 'a pipe_buffer points to its struct page' },
  {
    name: 'socket payload',
    tier: null,
    user: true,
    reason: 'a fragment, or the data, of an sk_buff, a page_frag, or a page of a page_pool',
  },
  {
    name: 'payload',
    tier: null,
    user: true,
    reason: 'no flags, and kernel memory points to its struct page',
  },
  {
    name: 'offline',
    tier: null,
    user: true,
    reason: 'PGTY_offline or PGTY_unaccepted: given back to the host',
  },
  { name: 'poisoned', tier: null, user: false, reason: 'PG_hwpoison: reading it may stop the machine' },
  { name: 'unidentified', tier: null, user: true, reason: 'none of the above' },
] as const satisfies readonly ClassEntry[];

/** Name of a class. */
export type PageClass = (typeof PAGE_CLASSES)[number]['name'];
