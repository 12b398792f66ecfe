import { statSync } from 'node:fs';
import { join } from 'node:path';
import { readTasks } from '@kcrash/vmcore/kernel/tasks';
import { exec } from '../exec.ts';
import { compareOutputs } from './compare_outputs.ts';
import { type CrashCommands, type CrashSession, crashSession } from './crash_session.ts';
import { parsePs } from './crash_survey.ts';
import { type DrgnPlace, drgnHelpers } from './drgn.ts';
import { type Finding, FindingBuilder } from './finding.ts';
import { opened, type Protocol } from './judge_dump.ts';
import type { Judging } from './judge_variants.ts';
import { withOurDump } from './our_dump.ts';

/** A minimal dump, and the whole memory that it was made of. */
export interface MinimalJudging extends Judging {
  readonly full: string;
}

/** What crash reads of the kernel's own memory, a row of the table each. */
const COMMANDS: CrashCommands = Object.fromEntries(
  [
    'bt -a, foreach bt, ps, ps -m, ps -t, log, log -T, mod, mount, mach, runq, swap, ipcs',
    'kmem -s, kmem -S, kmem -i, kmem -f, kmem -V, kmem -v, kmem -z, kmem -n, kmem -o, kmem -h, kmem -p',
    'foreach files, foreach vm, foreach sig, foreach net -s, net, net -a, dev, dev -i, dev -p, dev -d',
    'irq, irq -a, irq -s, irq -b, irq -d, timer, timer -r',
  ]
    .flatMap((line) => line.split(', '))
    .map((command) => [command.replaceAll(' ', '_'), [command]]),
);

/** Writes the minimal dump of a whole memory. */
export async function writeMinimal(device: string, full: string, to: string): Promise<void> {
  await exec(device, ['dump', full, to]);
}

/** Both tools on both dumps: no page that a command reads may be missing from the minimal one. */
export async function judgeMinimal(judging: MinimalJudging): Promise<void> {
  const { dump, full, protocol } = judging;
  const megabytes = (path: string) => `${(statSync(path).size / 1e6).toFixed(1)} MB`;
  protocol.say(`${dump.name}: ${megabytes(dump.path)} of ${megabytes(full)}`);
  await judgeByCrash(judging);
  await judgeByDrgn(judging);
}

async function judgeByCrash(judging: MinimalJudging): Promise<void> {
  const { dump, full, vmlinux, referees, protocol, scratch } = judging;
  const sessionOf = (path: string, name: string): Promise<CrashSession> =>
    crashSession({
      program: referees.crashProgram,
      dump: path,
      place: vmlinux,
      folder: join(scratch, name),
      further: COMMANDS,
    });
  const wanted = await sessionOf(full, 'crash-full');
  const found = await sessionOf(dump.path, 'crash-minimal');
  const row = rowsOf(judging, referees.crash, found.said);
  row('opens', opened(found));
  if (!opensAtAll(wanted)) return;
  const tasks = await withOurDump(dump.path, (ours) => readTasks(ours).tasks.length);
  for (const name of Object.keys(COMMANDS)) {
    // crash complains by the name of the command, and goes on.
    const complaint = `${name.replace('foreach_', '').replace(/_.*/, '')}: `;
    const text = ({ further }: CrashSession) => further[name] ?? null;
    const { differences, notes } = compareOutputs(text(found), text(wanted), complaint);
    const shown = tasksShown(name, wanted.further[name] ?? '');
    const fewer = shown === null || shown === tasks ? [] : [`whole memory: ${shown} tasks of ${tasks}`];
    row(name.replaceAll('_', ' '), { differences: [...differences, ...fewer], notes });
  }
  protocol.measured(dump.name, 'all commands, whole memory', referees.crash, wanted.usage);
  protocol.measured(dump.name, 'all commands, minimal dump', referees.crash, found.usage);
}

/** Of how many tasks a command told; null where that is not what it does. */
function tasksShown(name: string, output: string): number | null {
  if (name === 'ps') return parsePs(output).length;
  if (!/^(?:foreach|ps)_/.test(name)) return null;
  return new Set(output.match(/\bTASK: [0-9a-f]{16}/g)).size;
}

function opensAtAll({ sys }: CrashSession): boolean {
  return sys !== null && sys !== '';
}

async function judgeByDrgn(judging: MinimalJudging): Promise<void> {
  const { dump, full, vmlinux, referees, protocol, scratch } = judging;
  const placeOf = (path: string): DrgnPlace => ({
    python: referees.python,
    dump: path,
    debugInfo: [vmlinux, ...dump.modules],
    folder: scratch,
  });
  const wanted = await drgnHelpers(placeOf(full));
  const found = await drgnHelpers(placeOf(dump.path));
  const row = rowsOf(judging, referees.drgn, found.said);
  const names = Object.keys(wanted.facts?.sections ?? {});
  row('opens', helpersOpen(found.facts !== null, names.length, found.said));
  for (const name of names) {
    const text = ({ facts }: typeof wanted) => facts?.sections[name]?.join('\n') ?? null;
    row(name, compareOutputs(text(found), text(wanted), 'cannot: '));
  }
  protocol.measured(dump.name, 'all helpers, whole memory', referees.drgn, wanted.usage);
  protocol.measured(dump.name, 'all helpers, minimal dump', referees.drgn, found.usage);
}

function helpersOpen(opens: boolean, sections: number, said: string): Finding {
  const finding = new FindingBuilder();
  if (!opens || sections === 0) finding.differences.push(`does not open: ${said.slice(-400)}`);
  return finding;
}

function rowsOf(
  { dump, protocol }: { dump: { name: string }; protocol: Protocol },
  tool: string,
  said: string,
): (check: string, finding: Finding) => void {
  return (check, finding) => protocol.row(dump.name, `minimal: ${check}`, tool, finding, said);
}
