import { join } from 'node:path';
import type { Dump } from '@kcrash/vmcore/dump';
import { compareCrashStack } from './compare_crash_stack.ts';
import { compareDrgnStack, type DrgnFacts } from './compare_drgn_stack.ts';
import { compareLog } from './compare_log.ts';
import { compareSys, cpusOfLog } from './compare_sys.ts';
import { parseBacktrace, parseSys } from './crash_output.ts';
import { type CrashSession, crashSession, lastWords } from './crash_session.ts';
import { type DrgnPlace, drgnFacts } from './drgn.ts';
import type { JudgedDump } from './dumps.ts';
import { type Finding, FindingBuilder } from './finding.ts';
import { crashSurveyCommands, judgeCrashSurvey } from './judge_crash_survey.ts';
import { judgeSurvey } from './judge_survey.ts';
import { kernelCrash } from './kernel_trace.ts';
import type { Usage } from './measure.ts';
import { withOurDump } from './our_dump.ts';
import type { Referees } from './tools.ts';
import { judge, type Measurement, type Row } from './verdict.ts';

/** Collects rows as they come. */
export class Protocol {
  readonly rows: Row[] = [];
  readonly measurements: Measurement[] = [];
  readonly #say: (line: string) => void;

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  /** Adds a row and tells of it. */
  row(dump: string, check: string, tool: string, finding: Finding, said = ''): void {
    const row = judge({ dump, check, tool, said, ...finding });
    this.rows.push(row);
    this.#say(`${dump}: ${check}, by ${tool}: ${row.outcome}`);
  }

  measured(dump: string, work: string, tool: string, usage: Usage | null): void {
    if (usage !== null) this.measurements.push({ dump, work, tool, usage });
  }

  say(line: string): void {
    this.#say(line);
  }
}

/** Holds both referees against what the crashed kernel told of itself, and the product against both. */
export async function judgeDump(
  dump: JudgedDump,
  vmlinux: string,
  referees: Referees,
  protocol: Protocol,
  scratch: string,
): Promise<void> {
  await withOurDump(dump.path, async (ours) => {
    const session = await judgeByCrash(dump, ours, vmlinux, referees, protocol, scratch);
    const place: DrgnPlace = {
      python: referees.python,
      dump: dump.path,
      debugInfo: [vmlinux, ...dump.modules],
      folder: scratch,
    };
    await judgeByDrgn(dump, ours, place, referees, protocol, session);
  });
}

/** The session; null where crash does not open the dump. */
async function judgeByCrash(
  { name, ...dump }: JudgedDump,
  ours: Dump,
  vmlinux: string,
  { crash, crashProgram }: Referees,
  protocol: Protocol,
  scratch: string,
): Promise<CrashSession | null> {
  protocol.say(`${name}: opening in ${crash}`);
  const further = crashSurveyCommands(ours);
  const session = await crashSession({
    program: crashProgram,
    dump: dump.path,
    place: vmlinux,
    folder: join(scratch, 'crash'),
    further,
  });
  const opens = opened(session);
  const work = ['sys', 'bt', 'log', ...Object.keys(further)].join('; ');
  const done = opens.differences.length === 0 ? work : 'nothing: it does not open';
  protocol.measured(name, done, crash, session.usage);
  protocol.row(name, 'opens', crash, opens, session.said);
  const found = crashFindings(session, { name, ...dump });
  if (found === null) return null;
  protocol.row(name, 'sys', crash, found.sys, session.said);
  protocol.row(name, 'log', crash, found.log, session.said);
  protocol.row(name, 'bt', crash, found.bt, session.said);
  judgeCrashSurvey(name, ours, session, crash, protocol);
  return session;
}

async function judgeByDrgn(
  dump: JudgedDump,
  ours: Dump,
  place: DrgnPlace,
  referees: Referees,
  protocol: Protocol,
  session: CrashSession | null,
): Promise<void> {
  protocol.say(`${dump.name}: opening in ${referees.drgn}`);
  const crash = kernelCrash(dump.log);
  const symbols = crash.trace.flatMap(({ symbol }) => symbol ?? []);
  const { facts, said, usage } = await drgnFacts(place, symbols);
  protocol.measured(dump.name, 'log, crashed thread, count of threads', referees.drgn, usage);
  const opens = new FindingBuilder();
  if (facts === null) opens.differences.push(`does not open: ${lastWords(said)}`);
  else opens.equal('release', facts.release, dump.release);
  protocol.row(dump.name, 'opens', referees.drgn, opens, said);
  if (facts === null) return;
  protocol.row(dump.name, 'log', referees.drgn, compareLog(facts.log, dump.log, 'drgn'), said);
  protocol.row(dump.name, 'bt', referees.drgn, compareDrgnStack(facts, crash), said);
  if (session !== null) {
    protocol.row(dump.name, 'tasks', referees.crash, compareTasks(session, facts), session.said);
  }
  await judgeSurvey(dump, ours, place, referees.drgn, protocol);
}

/** Whether crash came to an end by itself and every command left something. */
export function opened(session: CrashSession): Finding {
  const finding = new FindingBuilder();
  const { status, said, sys, bt, log } = session;
  const silent = Object.entries({ sys, bt, log }).flatMap(([name, text]) => (text ? [] : [name]));
  if (status !== 0 || silent.length > 0) {
    const missing = silent.length === 0 ? '' : `, nothing from ${silent.join(', ')}`;
    finding.differences.push(`does not open: exit ${status}${missing}: ${lastWords(said)}`);
  }
  for (const line of said.split('\n')) if (line.startsWith('WARNING: ')) finding.note(line);
  return finding;
}

/** What comes of comparing crash's words with the log and the notes; null where it did not open. */
export function crashFindings(
  session: CrashSession,
  dump: JudgedDump,
): { sys: Finding; log: Finding; bt: Finding } | null {
  const { sys, bt, log } = session;
  if (!sys || !bt || !log) return null;
  const crash = kernelCrash(dump.log);
  const cpus = dump.cpus ?? cpusOfLog(dump.log);
  const backtrace = parseBacktrace(bt);
  const { release, machine, crashSeconds } = dump;
  const logFinding = compareLog(log, dump.log, 'crash');
  return {
    sys: compareSys(parseSys(sys), { release, machine, cpus, crashSeconds, crash }),
    log: { ...logFinding, notes: [`compared with ${dump.logSource}`, ...logFinding.notes] },
    bt:
      backtrace === null
        ? { differences: [`no backtrace in ${JSON.stringify(bt.slice(0, 200))}`], notes: [] }
        : compareCrashStack(backtrace, crash),
  };
}

/** crash counts an idle task for each CPU, which the PID table that drgn walks does not have. */
function compareTasks(session: CrashSession, facts: DrgnFacts): Finding {
  const finding = new FindingBuilder();
  const sys = parseSys(session.sys ?? '');
  const cpus = Number(sys.get('CPUS')?.replace(/ .*/, ''));
  finding.equal('TASKS', Number(sys.get('TASKS')), facts.threads + cpus);
  finding.note(`${facts.threads} threads by drgn and ${cpus} idle tasks`);
  return finding;
}
