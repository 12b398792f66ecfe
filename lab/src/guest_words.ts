import type { Checks } from './checks.ts';
import { labWord } from './console.ts';
import type { CycleRun } from './scenario.ts';

/** Console lines of the system or the capture kernel of a power cycle. */
export function linesOf(cycle: CycleRun, kind: 'system' | 'capture'): string[] {
  return cycle.boots
    .filter((boot) => boot.kind === kind)
    .flatMap(({ lines }) => lines.map(({ text }) => text));
}

/** What the guest's init said in the system or the capture boot. */
export function words(cycle: CycleRun, kind: 'system' | 'capture'): string[] {
  return linesOf(cycle, kind).flatMap((text) => labWord(text) ?? []);
}

/** When a console line of a power cycle was seen, in seconds since switching on. */
export function secondsOf(cycle: CycleRun, kind: 'system' | 'capture', wanted: RegExp): number | undefined {
  const boot = cycle.boots.find((each) => each.kind === kind);
  return boot?.lines.find(({ text }) => wanted.test(text))?.at;
}

/** The word that begins so, whole; complains where there is none. */
export function word(cycle: CycleRun, kind: 'system' | 'capture', begins: string, checks: Checks): string {
  const all = words(cycle, kind);
  const found = all.find((each) => each.startsWith(begins));
  checks.that(found !== undefined, `the guest's word "${begins}…"`, all.join(' | '));
  return found ?? '';
}

/** The system boot armed, locked, and its own `collect` left it alone. */
export function checkArmed(cycle: CycleRun, checks: Checks): void {
  const at = checks.at('system boot');
  at.equal(word(cycle, 'system', 'armed rc=', at), 'armed rc=0 loaded=1 locked=1');
  checkNormalCollect(cycle, at);
}

/** In a normal boot `collect` returns 0 and leaves persist exactly as it is. */
export function checkNormalCollect(cycle: CycleRun, checks: Checks): void {
  checks.matches(word(cycle, 'system', 'collect rc=', checks), /^collect rc=0 /);
  const { number, lab } = cycle;
  checks.at('output of collect').equal(lab.text(`/out/${number}/collect.txt`), '');
  checks
    .at('persist after collect')
    .equal(lab.text(`/out/${number}/after`), lab.text(`/out/${number}/before`));
}
