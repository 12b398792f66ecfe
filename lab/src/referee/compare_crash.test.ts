import type { VirtualAddress } from '@kcrash/vmcore/bytes/address';
import type { Module } from '@kcrash/vmcore/kernel/modules';
import type { Mount } from '@kcrash/vmcore/kernel/mounts';
import type { NetworkDevice } from '@kcrash/vmcore/kernel/netdev';
import type { Task } from '@kcrash/vmcore/kernel/tasks';
import { describe, expect, test } from 'vitest';
import { compareMod, compareMount, compareNet, comparePs, compareStructs } from './compare_crash.ts';
import { parsePs, parseStructs, parseSymbols, parseTable, parseValues } from './crash_survey.ts';
import type { Layout } from './survey.ts';

const PS = `      PID    PPID  CPU       TASK        ST  %MEM      VSZ      RSS  COMM
        0       0   1  ff3f704e812e2100  RU   0.0        0        0  [swapper/1]
>       7       2   3  ff3f704e81238000  IN   0.1     2260     1684  a b
`;
const MOD = `     MODULE       NAME          TEXT_BASE        SIZE  OBJECT FILE
ffffffffc04b3100  stp        ffffffffc04b1000   12288  (not loaded)  [CONFIG_KALLSYMS]
`;
const MOUNT = `     MOUNT           SUPERBLK     TYPE   DEVNAME   DIRNAME
ff3f704e811f5980 ff3f704e8104a800 rootfs rootfs    /
ff3f704e819eaa80 ff3f704e82321800 tmpfs  lab tmpfs /run/
`;
const NET = `   NET_DEVICE     NAME       IP ADDRESS(ES)
ff3f704e81d0d000  lo         127.0.0.1, ::1
`;
const STRUCT = `struct s {
   [0] unsigned long flags;
       union {
   [8]     void (*work)(struct s *, int);
  [16]     char name[16];
       };
  [32] unsigned int bit : 1;
}
SIZE: 40
struct: invalid data structure reference: absent
`;

/** Parts of objects of the product: those that are compared. */
const parts = <T>(part: Partial<T>) => part as T;
const address = (value: bigint) => value as VirtualAddress;

const TASKS = [
  { address: address(0xff3f704e812e2100n), pid: 0, ppid: 1, cpu: 1, comm: 'swapper/1', kernelThread: true },
  { address: address(0xff3f704e81238000n), pid: 7, ppid: 2, cpu: 3, comm: 'a b\nc', kernelThread: false },
];

describe("the product against crash's words", () => {
  const memory = { totalPages: 565, residentPages: 421 };
  const ps = (change: object, letter = 'S') => {
    const [idle, task] = TASKS;
    const ours = [
      parts<Task>({ ...idle, state: { letter: 'R', word: 'running', bits: [] } }),
      parts<Task>({ ...task, ...change, state: { letter, word: 'sleeping', bits: [] } }),
    ];
    return comparePs(ours, parsePs(PS), ({ pid }) => (pid === 0 ? undefined : { ...memory, ...change }));
  };

  test('ps agrees', () => {
    expect(ps({})).toEqual({ differences: [], notes: [], compared: 2 });
  });

  test.each([
    ['PID', { pid: 8 }, 'PID of 7 a b: found 8, wanted 7'],
    ['PPID', { ppid: 3 }, 'PPID of 7 a b: found 3, wanted 2'],
    ['CPU', { cpu: 0 }, 'CPU of 7 a b: found 0, wanted 3'],
    ['COMM', { comm: 'b' }, 'COMM of 7 a b: found "b", wanted "a b"'],
    ['VSZ', { totalPages: 1 }, 'VSZ of 7 a b: found 4, wanted 2260'],
    ['RSS', { residentPages: 401 }, 'RSS of 7 a b: found 1604, wanted 1684'],
    ['TASK', { address: address(1n) }, 'task 7 a b: found none, wanted it'],
  ])('another %s than in ps is found', (_, change, words) => {
    expect(ps(change).differences).toEqual([words]);
  });

  test('another state differs, and so does another number of tasks', () => {
    expect(ps({}, 'D').differences).toEqual(['ST of 7 a b: found "UN", wanted "IN"']);
    expect(comparePs([], parsePs(PS), () => undefined).differences[0]).toMatch(/^number of tasks: found 0/);
  });

  test('mod', () => {
    const stp = parts<Module>({
      address: address(0xffffffffc04b3100n),
      name: 'stp',
      base: address(0xffffffffc04b1000n),
      sizeBytes: 12288,
    });
    expect(compareMod([stp], parseTable(MOD))).toMatchObject({ differences: [], compared: 1 });
    expect(compareMod([{ ...stp, sizeBytes: 1 }], parseTable(MOD)).differences).toHaveLength(2);
    expect(compareMod([], parseTable(MOD)).differences).toHaveLength(1);
  });

  test('mount', () => {
    const root = { address: address(0xff3f704e811f5980n), type: 'rootfs', source: 'rootfs', target: '/' };
    const run = { address: address(0xff3f704e819eaa80n), type: 'tmpfs', source: 'lab tmpfs', target: '/run' };
    const mounts = [parts<Mount>(root), parts<Mount>(run)];
    expect(compareMount(mounts, parseTable(MOUNT))).toMatchObject({ differences: [], compared: 2 });
    const other = [parts<Mount>(root), parts<Mount>({ ...run, target: '/tmp' })];
    expect(compareMount(other, parseTable(MOUNT)).differences).toHaveLength(2);
  });

  test('net', () => {
    const lo = parts<NetworkDevice>({
      address: address(0xff3f704e81d0d000n),
      namespace: address(1n),
      name: 'lo',
      addresses: [
        { family: 'inet', address: '127.0.0.1', prefixBits: 8 },
        { family: 'inet6', address: '::1', prefixBits: 128 },
      ],
    });
    const elsewhere = { ...lo, namespace: address(2n) };
    expect(compareNet([lo, elsewhere], parseTable(NET)).differences).toEqual([]);
    const inetAlone = parseTable(NET.replace(', ::1', ''));
    expect(compareNet([lo], inetAlone)).toMatchObject({
      differences: [],
      notes: [expect.stringMatching('IPv6')],
    });
    expect(compareNet([{ ...lo, name: 'eth0' }], parseTable(NET)).differences).toHaveLength(2);
  });

  test('struct', () => {
    const member = { bitSize: 0, type: '', size: null, inner: null };
    const layout: Layout = {
      kind: 'struct',
      size: 40,
      members: [
        { ...member, name: 'flags', bitOffset: 0 },
        {
          ...member,
          name: '',
          bitOffset: 64,
          inner: {
            kind: 'union',
            size: 24,
            members: [
              { ...member, name: 'work', bitOffset: 0 },
              { ...member, name: 'name', bitOffset: 64 },
            ],
          },
        },
        { ...member, name: 'bit', bitOffset: 259, bitSize: 1 },
      ],
    };
    const compared = (ours: Layout) => compareStructs(new Map([['struct s', [ours]]]), parseStructs(STRUCT));
    expect(compared(layout)).toEqual({ differences: [], notes: ['members of them: 4'], compared: 1 });
    expect(compared({ ...layout, size: 48 }).differences).toEqual(['struct s: size: found 48, wanted 40']);
    expect(compared({ ...layout, members: layout.members.slice(1) }).differences).toEqual([
      'struct s: found no such member, wanted flags@0',
    ]);
  });

  test('values and symbols are read', () => {
    const values = parseValues(
      'jiffies = $1 = 4294908795\np: gdb request failed: p absent\ntimeout = $2 = -1\n',
    );
    expect([...values]).toEqual([
      ['jiffies', '4294908795'],
      ['timeout', '-1'],
    ]);
    const symbols = parseSymbols('ffffffff9341aa40 (D) init_task\nffffffff924114f0 (T) schedule a.c: 6\n');
    expect([...symbols.values()]).toEqual([0xffffffff9341aa40n, 0xffffffff924114f0n]);
  });
});
