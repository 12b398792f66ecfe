import type { Dump } from '@kcrash/vmcore/dump';
import { readCredentials } from '@kcrash/vmcore/kernel/cred';
import { compareLayouts, type LayoutCounts } from './compare_layouts.ts';
import { compareProductTasks } from './compare_product.ts';
import { type Counted, compareTaskStacks, compareTaskValues, pairTasks } from './compare_tasks.ts';
import { lastWords } from './crash_session.ts';
import { type DrgnPlace, drgnSurvey } from './drgn.ts';
import type { JudgedDump } from './dumps.ts';
import { type Finding, FindingBuilder } from './finding.ts';
import type { Protocol } from './judge_dump.ts';
import { type OurLayouts, ourLayouts } from './our_layouts.ts';
import { comparedObjects, ourTasks } from './our_tasks.ts';

/** What the product says of a dump against what drgn says, by full DWARF: tasks, stacks, values and layouts. */
export async function judgeSurvey(
  { name }: JudgedDump,
  ours: Dump,
  place: DrgnPlace,
  drgn: string,
  protocol: Protocol,
): Promise<void> {
  protocol.say(`${name}: every task and every type, by ${drgn}`);
  const objects = comparedObjects(ours.types);
  const layouts = ourLayouts(ours.types.btf);
  const types = [...layouts.byName.keys()];
  const { facts, said, usage } = await drgnSurvey(place, { objects, types });
  protocol.measured(name, 'all tasks, all types', drgn, usage);
  if (facts === null) {
    const differences = [`no survey: ${lastWords(said)}`];
    protocol.row(name, 'kcrash: tasks', drgn, { differences, notes: [] }, said);
    return;
  }
  const paired = pairTasks(ourTasks(ours, objects), facts.tasks);
  const { pairs } = paired;
  const row = (check: string, what: string, finding: Counted) =>
    protocol.row(name, check, drgn, counted(finding, `${finding.compared} ${what}`), said);
  row('kcrash: tasks', 'tasks', paired);
  row('kcrash: stacks', 'frames', compareTaskStacks(pairs));
  const credentials = (address: Parameters<typeof readCredentials>[1]) => readCredentials(ours, address);
  row(
    'kcrash: ps',
    'facts',
    compareProductTasks(pairs, objects, ({ cred }) => credentials(cred)),
  );
  row('kcrash: members', 'values', compareTaskValues(pairs, objects));
  const found = compareLayouts(layouts.byName, facts.layouts);
  protocol.row(name, 'kcrash: types', drgn, typesFinding(found, found.counts, layouts), said);
}

function counted({ differences, notes }: Finding, words: string): Finding {
  return { differences, notes: [`compared: ${words}`, ...notes] };
}

/** Fewer than this would mean that drgn was not asked what was meant. */
const LEAST_COMPOUNDS = 2000;

function typesFinding(found: Finding, counts: LayoutCounts, { compounds, unreached }: OurLayouts): Finding {
  const { compounds: compared, members, bitFields, enums, enumerators } = counts;
  const words = `${compared} structs and unions of ${compounds}, ${members} members, ${bitFields} of them bit fields, ${enums} enums, ${enumerators} enumerators`;
  const finding = new FindingBuilder();
  if (compared < LEAST_COMPOUNDS) finding.differ('structs', String(compared), `${LEAST_COMPOUNDS} or more`);
  const nameless = `structs and unions without a name that no named type leads to: ${unreached}`;
  return {
    differences: [...found.differences, ...finding.differences],
    notes: [...counted(found, words).notes, nameless],
  };
}
