import { addTo, type VirtualAddress } from '../src/bytes/address.ts';
import type { FakeDump } from './fake_dump.ts';
import { FakeKernel } from './fake_kernel.ts';

const THREAD_SIZE = 4096;

/** A task of a fake kernel. */
export interface FakeTask {
  readonly pid: number;
  readonly comm: string;
  /** Default: a process of its own. */
  readonly tgid?: number;
  readonly parent?: number;
  readonly values?: Readonly<Record<string, bigint | number | string>>;
}

/** A kernel of two CPUs with tasks, linked as a sound kernel links them. */
export class FakeTasks {
  readonly kernel = new FakeKernel();
  readonly tasks = new Map<number, VirtualAddress>();
  readonly idle: readonly VirtualAddress[];
  readonly #signals = new Map<number, VirtualAddress>();
  readonly #threads = new Map<number, VirtualAddress[]>();

  constructor(tasks: readonly FakeTask[]) {
    const { kernel } = this;
    describeTypes(kernel);
    kernel.cpus(2);
    this.idle = [0, 1].map((cpu) =>
      this.#task({ pid: 0, comm: `swapper/${cpu}`, values: { 'thread_info.cpu': cpu, flags: 0x20_0000 } }),
    );
    kernel.variables.init_task = this.idle[0] as bigint;
    kernel.variables.runqueues = kernel.allocate(kernel.size('rq'));
    this.idle.forEach((idle, cpu) => {
      const queue = (kernel.variables.runqueues as bigint) + BigInt(cpu) * 0x100000n;
      kernel.object('rq', { curr: idle, idle }, queue as VirtualAddress);
    });
    for (const task of tasks) this.tasks.set(task.pid, this.#task(task));
    for (const task of tasks) this.#parent(task);
    this.#link(tasks);
    this.#number(tasks);
  }

  task(pid: number): VirtualAddress {
    const address = this.tasks.get(pid);
    if (address === undefined) throw new Error(`no task ${pid}`);
    return address;
  }

  dump(): FakeDump {
    return this.kernel.dump();
  }

  /** Address of a member of a task. */
  at(pid: number, member: string): VirtualAddress {
    return addTo(this.task(pid), this.kernel.offset('task_struct', member));
  }

  #task({ pid, comm, tgid = pid, values = {} }: FakeTask): VirtualAddress {
    const { kernel } = this;
    const stack = kernel.allocate(THREAD_SIZE);
    const address = kernel.object('task_struct', {
      pid,
      tgid,
      comm,
      prio: 120,
      static_prio: 120,
      stack,
      ...values,
    });
    if (pid === 0) return address;
    const signal = this.#signals.get(tgid) ?? kernel.object('signal_struct');
    this.#signals.set(tgid, signal);
    kernel.set('task_struct', address, 'signal', signal);
    this.#threads.set(tgid, [...(this.#threads.get(tgid) ?? []), address]);
    return address;
  }

  #parent({ pid, parent = 0 }: FakeTask): void {
    const { kernel } = this;
    const address = parent === 0 ? (this.idle[0] as VirtualAddress) : this.task(parent);
    kernel.set('task_struct', this.task(pid), 'real_parent', address);
  }

  #link(tasks: readonly FakeTask[]): void {
    const { kernel } = this;
    const leaders = tasks.filter(({ pid, tgid = pid }) => pid === tgid).map(({ pid }) => this.task(pid));
    const head = addTo(this.idle[0] as VirtualAddress, kernel.offset('task_struct', 'tasks'));
    kernel.list(head, 'task_struct', 'tasks', leaders);
    for (const [tgid, signal] of this.#signals) {
      const threads = addTo(signal, kernel.offset('signal_struct', 'thread_head'));
      kernel.list(threads, 'task_struct', 'thread_node', this.#threads.get(tgid) ?? []);
    }
  }

  /** The initial pid namespace's table: one node of 64 slots. */
  #number(tasks: readonly FakeTask[]): void {
    const { kernel } = this;
    const node = kernel.object('xa_node');
    kernel.variables.init_pid_ns = kernel.object('pid_namespace', {
      'idr.idr_rt.xa_head': node + 2n,
      'ns.inum': 77,
    });
    for (const { pid } of tasks) {
      const link = this.at(pid, 'pid_links[0]');
      const number = kernel.object('pid', {
        level: 0,
        'tasks[0].first': link,
        'numbers[0].nr': pid,
        'numbers[0].ns': kernel.variables.init_pid_ns,
      });
      kernel.set('xa_node', node, `slots[${pid}]`, number);
      kernel.set('task_struct', this.task(pid), 'thread_pid', number);
    }
  }
}

function describeTypes(kernel: FakeKernel): void {
  kernel.struct('hlist_node', { next: 'ptr', pprev: 'ptr' });
  kernel.struct('hlist_head', { first: 'ptr' });
  kernel.struct('thread_info', { flags: 'u64', cpu: 'u32' });
  kernel.struct('sched_entity', { sum_exec_runtime: 'u64' });
  kernel.struct('thread_struct', { sp: 'u64' });
  kernel.struct('signal_struct', { nr_threads: 'int', thread_head: 'list_head' });
  kernel.struct('thread_union', { stack: `u8[${THREAD_SIZE}]` });
  kernel.struct('task_struct', {
    thread_info: 'thread_info',
    __state: 'u32',
    stack: 'ptr',
    flags: 'u32',
    on_cpu: 'int',
    prio: 'int',
    static_prio: 'int',
    rt_priority: 'u32',
    se: 'sched_entity',
    policy: 'u32',
    tasks: 'list_head',
    mm: 'ptr',
    exit_state: 'int',
    pid: 'int',
    tgid: 'int',
    real_parent: 'ptr',
    group_leader: 'ptr',
    thread_pid: 'ptr',
    pid_links: 'hlist_node[4]',
    thread_node: 'list_head',
    utime: 'u64',
    stime: 'u64',
    nvcsw: 'u64',
    nivcsw: 'u64',
    start_boottime: 'u64',
    real_cred: 'ptr',
    comm: 'char[16]',
    nsproxy: 'ptr',
    signal: 'ptr',
    thread: 'thread_struct',
  });
  kernel.struct('rq', { nr_running: 'u32', curr: 'ptr', idle: 'ptr' });
  kernel.struct('xa_node', { shift: 'u8', slots: 'ptr[64]' });
  kernel.struct('xarray', { xa_flags: 'int', xa_head: 'ptr' });
  kernel.struct('idr', { idr_rt: 'xarray', idr_base: 'int' });
  kernel.struct('ns_common', { inum: 'u32' });
  kernel.struct('pid_namespace', { idr: 'idr', ns: 'ns_common' });
  kernel.struct('upid', { nr: 'int', ns: 'ptr' });
  kernel.struct('pid', { level: 'u32', tasks: 'hlist_head[4]', numbers: 'upid[1]' });
}
