import type { Report, ReportFrame, ReportTask, ReportWait, TaskName } from '../src/report.ts';

/** A name that an attacker chose: markup, terminal codes, quotes, text turned around. */
export const HOSTILE = '<img src=x onerror="a()">\x1b[31m\u202e&\'`';

/** A frame of a stack. */
export function frame(symbol: string, changes: Partial<ReportFrame> = {}): ReportFrame {
  const place = [...symbol].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 0xff_ffff, 0);
  return {
    address: `0xffffffff81${place.toString(16).padStart(6, '0')}`,
    symbol,
    offset: 16,
    size: 256,
    module: null,
    certainty: 'exact',
    stack: 'task',
    interrupted: false,
    ...changes,
  };
}

const COMPLETE = { reason: 'complete', detail: null };
const HOLDER: TaskName = { pid: 108, comm: 'holder', address: '0xffff888000000108' };

/** A task that sleeps. */
export function task(pid: number, comm: string, changes: Partial<ReportTask> = {}): ReportTask {
  return {
    pid,
    comm,
    address: `0xffff8880${String(pid).padStart(8, '0')}`,
    tgid: pid,
    ppid: 1,
    state: 'S',
    cpu: 0,
    running: false,
    kernelThread: false,
    startSeconds: 1,
    userSeconds: 0,
    systemSeconds: 0,
    lastRanSeconds: 10,
    stack: [frame('__schedule'), frame('schedule'), frame('do_wait')],
    stackEnd: COMPLETE,
    waits: [],
    ...changes,
  };
}

/** Waits for a mutex that task 108 has. */
export const WAIT: ReportWait = {
  kind: 'mutex',
  address: '0xffffffffc0001000',
  symbol: 'lab_mutex [lab]',
  wants: null,
  holder: { kind: 'task', task: HOLDER },
  queued: 2,
};

/** A report with something in every section, none of it friendly. */
export function sampleReport(changes: Partial<Report> = {}): Report {
  const init = { pid: 1, comm: HOSTILE, address: '0xffff888000000001' };
  const long = 'x'.repeat(300);
  return {
    schema: 'kcrash-report/1',
    title: `BUG: unable to handle kernel paging request in ${HOSTILE}`,
    kind: 'UNKNOWN',
    hash: 'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    release: '6.1.0-test',
    when: { crash: '2026-11-24T22:49:22.000Z', boot: '2026-11-24T22:47:25.918Z', uptimeSeconds: 200_000.5 },
    machine: {
      nodename: HOSTILE,
      architecture: 'x86_64',
      version: '#1 SMP',
      buildId: 'abcd',
      commandLine: `root=/dev/sda ${long} quiet ${HOSTILE}`,
      cpusOnline: 4,
      load: [1, 0.5, 0.25],
      threads: 5,
    },
    taint: { mask: '0x0000000000001000', letters: 'O', text: 'Tainted: G           O' },
    panic: {
      message: 'Kernel panic - not syncing: Fatal exception',
      reason: [`BUG: ${HOSTILE}`, long],
      logged: {
        cpu: 0,
        pid: 1,
        comm: HOSTILE,
        place: 'bad_function+0x10/0x100',
        stack: ['bad_function', HOSTILE],
      },
      cpu: 0,
      task: init,
      at: frame('bad_function', { module: HOSTILE, interrupted: true }),
      registers: { ip: '0xffffffff81000010', sp: '0xffffc90000000000', orig_ax: '0xffffffffffffffff' },
      registersFrom: 'exception',
      code: { start: '0xffffffff81000000', bytes: '90'.repeat(64), ip: 42 },
      stack: [
        frame('panic', { stack: 'irq' }),
        frame('bad_function', { interrupted: true }),
        frame('x', {
          address: '0xffffffff81000010',
          symbol: null,
          offset: null,
          size: null,
          certainty: 'guess',
          stack: null,
        }),
      ],
      stackEnd: { reason: 'not-code', detail: `0x12 is no code ${HOSTILE}` },
    },
    cpus: [
      cpu(0, { crashed: true, task: init }),
      cpu(1, { idle: true }),
      cpu(2, { idle: true }),
      cpu(3, {
        stack: [frame('native_queued_spin_lock_slowpath')],
        spinning: { ...WAIT, kind: 'spinlock', holder: { kind: 'unknown', why: 'nobody noted it' } },
      }),
    ],
    tasks: [
      task(1, HOSTILE, { running: true, state: 'R' }),
      task(2, 'waiter', { state: 'D', waits: [WAIT] }),
      task(3, 'reader', {
        state: 'D',
        waits: [
          { ...WAIT, kind: 'rwsem', wants: 'read', holder: { kind: 'readers', count: 2, last: HOLDER } },
        ],
      }),
      task(108, 'holder', { waits: [{ ...WAIT, holder: { kind: 'none' } }] }),
      ...Array.from({ length: 40 }, (_, n) => task(200 + n, `worker/${n}`)),
      task(9, 'gone', { state: 'Z', stack: [], stackEnd: { reason: 'no-stack', detail: 'It has exited' } }),
    ],
    deadlocks: [[HOLDER, { pid: 2, comm: 'waiter', address: '0xffff888000000002' }]],
    modules: [
      {
        name: HOSTILE,
        address: '0xffffffffc0000000',
        base: '0xffffffffc0001000',
        sizeBytes: 16384,
        state: 'Live',
        references: 1,
        users: ['other'],
        taints: 'O',
        version: HOSTILE,
        srcversion: null,
      },
    ],
    memory: {
      totals: { total: 1 << 30, free: 1 << 20, slabReclaimable: null },
      hugePages: [{ pageBytes: 1 << 21, total: 3, free: 1 }],
      zones: [{ node: 0, name: 'DMA32', managed: 1 << 30, free: 4096, min: 8192, low: 10_000, high: 12_000 }],
    },
    mounts: [
      { source: HOSTILE, target: `/${long}`, type: 'ext4', options: ['rw', 'relatime'], device: 'sda1' },
    ],
    network: [
      {
        name: HOSTILE,
        namespace: 1,
        state: 'up',
        flags: ['UP'],
        mtuBytes: 1500,
        hardwareAddress: '00:11:22:33:44:55',
        addresses: ['10.0.0.1/8'],
        counters: null,
      },
    ],
    disks: [
      {
        name: 'nvme0n1',
        bytes: 1 << 30,
        readOnly: true,
        dead: false,
        frozen: true,
        quiesced: false,
        inFlight: 1,
        requests: [{ operation: 'write', startBytes: 0, bytes: 4096, ageSeconds: 31.5 }],
        partitions: [{ name: 'nvme0n1p1', bytes: 1 << 29 }],
      },
    ],
    timers: { wheel: 3, highResolution: 1 },
    work: [
      { function: 'flush_to_ldisc', workqueue: HOSTILE, task: HOLDER, cpu: 0 },
      { function: 'vmstat_update', workqueue: null, task: null, cpu: null },
    ],
    sysctls: { 'kernel.panic': 5, 'kernel.panic_on_oops': 1 },
    log: [
      { kind: 'gap', records: 2, reason: 'text-overwritten' },
      ...Array.from({ length: 60 }, (_, n) =>
        record(n, `message ${n} ${n === 59 ? `${HOSTILE}${long}` : ''}`),
      ),
    ],
    problems: [
      { section: 'memory', message: `Physical memory at 0x1000 was left out of the dump ${HOSTILE}` },
      { section: 'disks', message: 'the same' },
      { section: 'network', message: 'the same' },
    ],
    ...changes,
  };
}

/** A report of a dump that tells nothing. */
export function emptyReport(): Report {
  return sampleReport({
    title: null,
    kind: null,
    hash: null,
    release: null,
    when: { crash: null, boot: null, uptimeSeconds: null },
    machine: {
      nodename: null,
      architecture: null,
      version: null,
      buildId: null,
      commandLine: null,
      cpusOnline: null,
      load: null,
      threads: null,
    },
    taint: null,
    panic: {
      message: null,
      reason: [],
      logged: null,
      cpu: null,
      task: null,
      at: null,
      registers: null,
      registersFrom: null,
      code: null,
      stack: [],
      stackEnd: null,
    },
    cpus: [],
    tasks: [],
    deadlocks: [],
    modules: [],
    memory: null,
    mounts: [],
    network: [],
    disks: [],
    timers: { wheel: null, highResolution: null },
    work: [],
    sysctls: {},
    log: [],
    problems: [{ section: 'title', message: 'The log was left out' }],
  });
}

function cpu(number: number, changes: Partial<Report['cpus'][number]> = {}): Report['cpus'][number] {
  return {
    cpu: number,
    online: true,
    crashed: false,
    task: { pid: 0, comm: `swapper/${number}`, address: '0xffff888000000000' },
    idle: false,
    registers: { ip: '0xffffffff81000010' },
    userMode: false,
    spinning: null,
    stack: [frame('default_idle')],
    stackEnd: COMPLETE,
    ...changes,
  };
}

function record(n: number, text: string): Report['log'][number] {
  return {
    kind: 'record',
    sequence: n,
    nanoseconds: n * 1e9,
    level: n % 8,
    facility: 0,
    caller: 'T1',
    text,
    dictionary: n === 3 ? { SUBSYSTEM: 'pci' } : null,
  };
}
