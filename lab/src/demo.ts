import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { checkCollected } from './collected.ts';
import { workstationProgram } from './paths.ts';
import { type Bench, runScenario } from './run.ts';
import type { CycleRun, Scenario } from './scenario.ts';
import { columns } from './table.ts';

const PANIC = /BUG: kernel NULL pointer dereference, address: 0000000000000000/;
const SUMMARY = /NULL pointer dereference in lab_crash_here/;

/** What the lab's stages mean, for someone who sees them for the first time. */
const MEANINGS: readonly (readonly [stage: RegExp, meaning: string])[] = [
  [/making the disk$/, 'making a disk: a stock kernel, kcrash, an empty /persist'],
  [/^\S+ [\d.]+ s {2}kernel starts$/, 'the kernel boots'],
  [/→ system boot$/, 'init runs, kcrash arm before anything else'],
  [/→ armed rc=0 loaded=1 locked=1$/, 'armed: the same kernel is loaded as capture kernel, kexec is locked'],
  [/→ collect rc=0 /, 'kcrash collect in a normal boot: nothing to do, exit 0'],
  [/→ crash \w+$/, 'a module dereferences NULL'],
  [/crash \w+ → kernel starts$/, 'the kernel has crashed, and boots itself as capture kernel'],
  [/→ capture boot$/, 'the capture kernel is up'],
  [/→ collect$/, 'kcrash collect: log, reasons, the panic on the console, the dump'],
  [/→ reset$/, 'all is kept; the machine restarts'],
  [/checking$/, 'checking every file against the device contract'],
];
/** Parts of the report, parted by empty lines: what happened, and the stack. */
const REPORT_PARTS = 3;
const UNTOLD = /→ init$|→ normal boot done$|making the disk → /;

/**
 * The main job shown once: a stock kernel is armed, crashes in a module, boots itself again to capture, and
 * what it kept is shown. Returns whether everything was as it must be.
 */
export async function demo(bench: Bench): Promise<boolean> {
  let report = '';
  const scenario: Scenario = {
    name: 'demo',
    group: 'triggers',
    shows: 'the main job',
    core: false,
    module: true,
    cycles: [{ crash: 'insmod /lab/lab_crash.ko how=null', ends: 'reset' }],
    async check(run, checks) {
      await checkCollected(run, 0, checks, { starts: PANIC, panic: PANIC, summary: SUMMARY });
      if (run.cycles[0] !== undefined) report = kept(run.cycles[0]);
    },
  };
  const progress = (line: string) => {
    if (UNTOLD.test(line)) return;
    const meaning = MEANINGS.find(([stage]) => stage.test(line))?.[1];
    const told = /^\S+ +([\d.]+ s) {2}(.*)$/s.exec(line);
    bench.progress(told === null ? line : `${(told[1] ?? '').padStart(7)}  ${meaning ?? told[2]}`);
  };
  const { passed } = await runScenario(scenario, { ...bench, keep: true, progress });
  const folder = join(bench.out, 'demo', 'persist-1');
  console.log(`\n${report}`);
  if (existsSync(join(folder, 'kcrashes'))) showReport(folder);
  return passed;
}

/** The head of what `kcrash report` makes of the dump, and how to see the rest. */
function showReport(folder: string): void {
  const name = readdirSync(join(folder, 'kcrashes')).find((file) => file.endsWith('.dump'));
  if (name === undefined) return;
  const command = [
    relative('.', workstationProgram),
    'report',
    relative('.', join(folder, 'kcrashes', name)),
  ];
  const { stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8', maxBuffer: 1 << 26 });
  const head = stdout.split('\n\n').slice(0, REPORT_PARTS).join('\n\n');
  console.log(
    `\nWhat the dump tells, with no debug info:\n\n${(head || stderr).trim().replace(/^/gm, '  ')}`,
  );
  console.log(`\nAll of it: ${command.join(' ')}`);
}

/** What lies in persist, and the summary that says why. */
function kept({ persist }: CycleRun): string {
  const rows = persist.entries
    .filter(({ kind }) => kind === 'file')
    .map(({ path, size }) => [`  /persist${path}`, size.toLocaleString('en'), firstLine(path)]);
  const stack = persist.text('/reboot-stack');
  const log = persist.entries.find(({ path }) => path.endsWith('.log'));
  const summary = log === undefined ? stack : stack.slice(log.size);
  return [
    'What was kept (bytes):',
    columns(rows),
    '',
    'Why it crashed (the end of reboot-stack):',
    summary.trim().replace(/^/gm, '  '),
  ].join('\n');

  function firstLine(path: string): string {
    return path.endsWith('-reason') ? persist.text(path).trim() : '';
  }
}
