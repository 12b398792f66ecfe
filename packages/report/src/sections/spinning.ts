import { hexAddress, type VirtualAddress } from '@kcrash/vmcore/bytes/address';
import { u16 } from '@kcrash/vmcore/bytes/cursor';
import type { Dump } from '@kcrash/vmcore/dump';
import type { Cpu } from '@kcrash/vmcore/kernel/cpus';
import { readSpinLock } from '@kcrash/vmcore/kernel/lock_holder';
import { perCpu } from '@kcrash/vmcore/kernel/percpu';
import type { TaskStack } from '@kcrash/vmcore/kernel/stacks';
import { readTasks } from '@kcrash/vmcore/kernel/tasks';
import type { ReportHolder, ReportWait } from '../report.ts';
import { symbolAt } from './symbol_at.ts';
import { namedTask } from './words.ts';

/** Where a CPU turns while another has the lock. */
const SPINS = /^(?:native_|__pv_)?queued_spin_lock_slowpath(?:\.|$)/;

const WITHOUT_DEBUG: ReportHolder = {
  kind: 'unknown',
  why: 'a spin lock does not note who took it (the kernel has no CONFIG_DEBUG_SPINLOCK)',
};

/**
 * The spin lock that a CPU waits for: the one thing that a register of it points at and that is a lock which is
 * taken and waited for. Null where it does not spin, or where no register or more than one tells.
 */
export function spinning(dump: Dump, cpu: Cpu, stack: TaskStack): ReportWait | null {
  const [innermost] = stack.frames;
  if (stack.registers === undefined || !SPINS.test(innermost?.symbol ?? '')) return null;
  const locks = new Set<VirtualAddress>();
  for (const [name, value] of Object.entries(stack.registers.registers)) {
    if (name !== 'sp' && name !== 'ip' && isContended(dump, cpu, value)) locks.add(value as VirtualAddress);
  }
  const [lock] = locks;
  if (lock === undefined || locks.size > 1) return null;
  const { owner } = readSpinLock(dump, lock);
  const task = namedTask(readTasks(dump), owner);
  return {
    kind: 'spinlock',
    address: hexAddress(lock),
    symbol: symbolAt(dump, lock),
    wants: null,
    holder: task === null ? WITHOUT_DEBUG : { kind: 'task', task },
    queued: null,
  };
}

/**
 * Whether a C `struct qspinlock` lies there that is taken, and that somebody waits for: a byte that is 1 while it is
 * taken, one that is 1 while one CPU waits, and above them the CPU that is last in line.
 */
function isContended(dump: Dump, cpu: Cpu, address: bigint): boolean {
  // On its own stacks lie nodes of the queue, not the lock.
  if (address < KERNEL || (address & 3n) !== 0n) return false;
  if (cpu.stacks.some(({ low, high }) => address >= low && address < high)) return false;
  const bytes = dump.memory.tryRead(address as VirtualAddress, 4);
  if (bytes === undefined) return false;
  const [locked, pending] = bytes;
  const last = u16(bytes, 2) >>> 2;
  return locked === 1 && (pending === 1 || (pending === 0 && last > 0)) && last <= lastCpu(dump) + 1;
}

/** The kernel's half of the address space starts here. */
const KERNEL = 0xffff_8000_0000_0000n;

function lastCpu(dump: Dump): number {
  return perCpu(dump).possible.at(-1) ?? 0;
}
