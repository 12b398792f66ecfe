import type { Report, ReportTask } from '@kcrash/report/report';
import type { Checks } from '../checks.ts';

const SPINNERS = ['lab_spinner', 'spin_kernel', 'spin_user'];

/** What the CPUs were doing: one crashed by sysrq, one spun in the module, and what the scenario started else. */
export function checkCpus(
  { panic, cpus, tasks }: Pick<Report, 'panic' | 'cpus' | 'tasks'>,
  spinning: boolean,
  checks: Checks,
): void {
  checks.at('panic').equal(panic.task?.comm, 'answer');
  checks.at('panic: CPU').equal(panic.cpu, 0);
  const crash = symbols(panic.stack).join('\n');
  checks.at('panic: stack').matches(crash, /^sysrq_handle_crash$.*^write_sysrq_trigger$.*^do_syscall_64$/ms);
  checks.at('busy tasks').same(busy(tasks), spinning ? ['answer', ...SPINNERS] : ['answer']);
  if (!spinning) return;
  const spinner = cpus.find(({ task }) => task?.comm === 'lab_spinner');
  checks
    .at('lab_spinner')
    .matches(symbols(spinner?.stack ?? []).join('\n'), /^lab_spin_here \[lab_block\]$/m);
  const user = cpus.find(({ task }) => task?.comm === 'spin_user');
  if (user === undefined) return;
  // The tick may have interrupted it.
  const interrupted = symbols(user.stack).some((symbol) => /^asm_(sysvec|common_interrupt)/.test(symbol));
  checks.at('spin_user: in user mode').equal(user.userMode === true || interrupted, true);
}

/** Names of what has a CPU, and of spinning programs that a thread of the kernel's own has just pushed off theirs. */
function busy(tasks: readonly ReportTask[]): string[] {
  const running = tasks.filter(({ running, pid }) => running && pid !== 0);
  const kernels = running.filter(({ kernelThread, comm }) => kernelThread && comm !== 'lab_spinner');
  const waiting = tasks.filter(
    (task) =>
      task.comm.startsWith('spin_') && task.state === 'R' && kernels.some(({ cpu }) => cpu === task.cpu),
  );
  const own = running.filter((task) => !kernels.includes(task));
  return [...own, ...waiting].map(({ comm }) => comm).sort();
}

function symbols(stack: ReportTask['stack']): string[] {
  return stack.flatMap(({ symbol, module }) =>
    symbol === null ? [] : [module === null ? symbol : `${symbol} [${module}]`],
  );
}
