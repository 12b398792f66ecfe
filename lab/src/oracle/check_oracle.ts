import { rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeReport } from '@kcrash/report/make_report';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { nodePlatform } from '@kcrash/vmcore/compiled/platform.node';
import { openDump } from '@kcrash/vmcore/dump';
import type { Checks } from '../checks.ts';
import { crashDates } from '../collected.ts';
import { exec } from '../exec.ts';
import type { CycleRun, ScenarioRun } from '../scenario.ts';
import { Agreement } from './agreement.ts';
import { parseAnswers } from './answers.ts';
import { checkCpus } from './check_cpus.ts';
import { checkQuiet } from './check_quiet.ts';
import { checkWaits } from './check_waits.ts';
import { compareCodeOnly } from './compare_code_only.ts';
import {
  compareDisks,
  compareMachine,
  compareMemory,
  compareModules,
  compareMounts,
  compareNetwork,
} from './compare_kernel.ts';
import { compareDmesg, compareLog } from './compare_log.ts';
import { compareProcesses } from './compare_processes.ts';
import { compareStacks } from './compare_stacks.ts';
import { compareSymbols } from './compare_symbols.ts';
import { compareTasks } from './compare_tasks.ts';
import { type Evidence, evidence, type TaskPair } from './evidence.ts';
import { schedulerRanges } from './guest_proc.ts';
import { productReport } from './product.ts';
import { checkWays } from './ways.ts';

/** Where the guest's answers lie on the partition `lab`. */
export const ANSWERS = '/out/answers';

/** What a scenario's crash must at least have had. */
export interface Wanted {
  readonly tasks: number;
  readonly frames: number;
  /** Whether CPUs spin when it crashes. */
  readonly spinning: boolean;
  /** Everything, or tasks and their stacks alone. */
  readonly asked: 'all' | 'brief';
}

/** Compares what the product says of the crash's dump with what its kernel said of itself. */
export async function checkOracle(run: ScenarioRun, all: Checks, wanted: Wanted): Promise<void> {
  const cycle = run.cycles[0];
  if (cycle === undefined) throw new Error('there is no power cycle');
  const checks = all.at('oracle');
  const dump = await copyOfDump(cycle, checks);
  if (dump === undefined) return;
  try {
    const folder = dirname(dump);
    const { report, seconds } = await productReport(dump, join(folder, 'report.json'));
    const source = new FileSource(dump);
    const found = evidence(parseAnswers(cycle.lab.read(ANSWERS)), report, openDump(source, nodePlatform));
    const agreement = new Agreement();
    checkEvidence(found, wanted, agreement, checks);
    if (wanted.asked === 'all') {
      const codeOnly = openDump(source, { ...nodePlatform, kallsymsCodeOnly: true });
      compareCodeOnly(makeReport(found.dump), makeReport(codeOnly), agreement);
    }
    agreement.check(checks);
    const those = (since: TaskPair['since']) =>
      found.pairs.filter((pair) => pair.since === since).map(({ report }) => report.comm);
    const summary = {
      kernel: run.kernel.release,
      reportSeconds: seconds,
      moved: those('moved'),
      woken: those('woken'),
      compared: agreement.counts(),
    };
    writeFileSync(join(folder, 'oracle.json'), `${JSON.stringify(summary, null, 2)}\n`);
  } finally {
    rmSync(dump);
  }
}

/** Copies the newest dump out of persist, beside it. */
async function copyOfDump({ persist, number }: CycleRun, checks: Checks): Promise<string | undefined> {
  const date = crashDates(persist, checks).at(-1);
  const entry = persist.find(`/kcrashes/kdump-${date}.dump`);
  checks.that(entry !== undefined, 'a dump', 'none');
  if (entry === undefined) return undefined;
  const path = join(dirname(persist.image), `oracle-${number}.dump`);
  await exec('debugfs', ['-R', `dump <${entry.inode}> ${path}`, persist.image]);
  return path;
}

/** Everything that both words tell of. */
export function checkEvidence(found: Evidence, wanted: Wanted, agreement: Agreement, checks: Checks): void {
  const { answers, pairs, report, dump } = found;
  checks.at('tasks that the report lacks').same(
    found.missing.map(({ pid, stat }) => `${pid} ${stat[2]}`),
    [],
  );
  checkQuiet(pairs, found.added, checks);
  checks.at('problems').same(
    report.problems.map(({ section, message }) => `${section}: ${message}`),
    [],
  );

  compareTasks(pairs, agreement);
  compareStacks(pairs, schedulerRanges(found.symbols), agreement);
  if (wanted.asked === 'all') {
    compareProcesses(dump, pairs, agreement);
    compareSymbols(dump.symbols, found.symbols, agreement);
    compareModules(report, answers, agreement);
    compareMounts(report, answers, agreement);
    compareNetwork(report, answers, agreement);
    compareMemory(report.memory, answers, agreement);
    compareDisks(report, answers, agreement);
    compareMachine(report, answers, agreement);
    compareLog(report.log, answers.text('/dev/kmsg'), agreement);
    compareDmesg(report.log, answers.text('/tmp/dmesg'), agreement);
    checkWays(
      pairs.map(({ guest }) => guest),
      checks,
    );
    checkWaits(report, checks);
    checkCpus(report, wanted.spinning, checks);
  }
  const { stacks: tasks = 0, frames = 0 } = agreement.counts();
  checks.at('tasks compared').that(tasks >= wanted.tasks, `at least ${wanted.tasks}`, tasks);
  checks.at('frames compared').that(frames >= wanted.frames, `at least ${wanted.frames}`, frames);
}
