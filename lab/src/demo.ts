import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkCollected } from './collected.ts';
import { type Bench, runScenario } from './run.ts';
import type { CycleRun, Scenario } from './scenario.ts';
import { columns } from './table.ts';

const PANIC = /BUG: kernel NULL pointer dereference, address: 0000000000000000/;

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
      await checkCollected(run, 0, checks, { starts: PANIC, panic: PANIC });
      if (run.cycles[0] !== undefined) report = kept(run.cycles[0]);
    },
  };
  const { passed } = await runScenario(scenario, { ...bench, keep: true });
  const folder = join(bench.out, 'demo', 'persist-1');
  console.log(`\n${report}`);
  if (existsSync(folder)) console.log(`\nThe files are in ${folder}`);
  return passed;
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
