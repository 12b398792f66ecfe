import type { Dump } from '@kcrash/vmcore/dump';
import { readCpuRegisters } from '@kcrash/vmcore/kernel/cpu_registers';
import { type Cpu, readCpus } from '@kcrash/vmcore/kernel/cpus';
import type { ReportCpu } from '../report.ts';
import { stopRegisters } from './panic.ts';
import type { Problems } from './problems.ts';
import { spinning } from './spinning.ts';
import type { TaskStacks } from './tasks.ts';
import { namedTask, orNull, reportFrames, stackEnd } from './words.ts';

/** Every CPU that was brought up: what it ran, and where it was stopped. */
export function cpusSection(
  dump: Dump,
  crashed: number | null,
  tasks: TaskStacks,
  problems: Problems,
): ReportCpu[] {
  const cpus = problems.attempt('cpus', [], () => readCpus(dump));
  const registers = problems.attempt('cpus', undefined, () => readCpuRegisters(dump));
  return cpus
    .filter(({ current, online }) => current !== undefined || online !== false)
    .map((cpu) => {
      problems.take('cpus', cpu.problems);
      const stopped = registers?.get(cpu.number);
      const stack = cpu.current === undefined ? undefined : tasks.stacks.get(cpu.current);
      return {
        cpu: cpu.number,
        online: orNull(cpu.online),
        crashed: cpu.number === crashed,
        task: namedTask(tasks.list, cpu.current),
        idle: isIdle(cpu),
        registers: stopped === undefined ? null : stopRegisters(stopped.registers),
        userMode: stopped?.userMode ?? null,
        spinning:
          stack === undefined ? null : problems.attempt('cpus', null, () => spinning(dump, cpu, stack)),
        stack: stack === undefined ? [] : reportFrames(stack),
        stackEnd: stack === undefined ? null : stackEnd(stack),
      };
    });
}

function isIdle({ current, idle }: Cpu): boolean {
  return current !== undefined && current === idle;
}
