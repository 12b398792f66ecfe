import { jsonLine } from '@kcrash/report/json_text';
import { type HeldPages, takeCensus } from '@kcrash/vmcore/pages/census';
import { PAGE_CLASSES } from '@kcrash/vmcore/pages/page_class';
import type { PagePlan } from '@kcrash/vmcore/pages/page_plan';
import { planPages } from '@kcrash/vmcore/pages/plan';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { type Column, tableLines } from '../table.ts';

interface Options extends DumpOptions {
  readonly why?: true;
}

const COLUMNS: readonly Column[] = [
  { title: 'CLASS', align: 'left' },
  { title: 'PAGES', align: 'right' },
  { title: 'BYTES', align: 'right' },
  { title: 'IN DUMP', align: 'right' },
  { title: 'ZERO', align: 'right' },
  { title: 'KEPT', align: 'left' },
];

/** `kcrash pages DUMP`: what the machine's memory was used for, and what of it a minimal dump keeps. */
export function addPagesCommand(program: Command, { out, err }: Io): void {
  dumpCommand(program, 'pages', 'what each page of memory is used for, and what a minimal dump keeps')
    .option('-w, --why', 'how the pages of each class are recognised')
    .action((file: string, options: Options) => {
      const dump = openDumpFile(file, options);
      const plan = planPages(dump);
      const census = takeCensus(dump);
      if (options.json) {
        out.write(jsonLine(toJson(plan, census, dump.physical.pageSize)));
        return;
      }
      const shown = census.filter(({ pages, held }) => pages > 0 || held > 0);
      for (const line of tableLines(COLUMNS, rows(plan, shown, dump.physical.pageSize))) out.line(line);
      if (options.why) {
        out.line();
        for (const { class: name } of shown) out.line(`${name}: ${entryOf(name)?.reason ?? ''}`);
      }
      for (const finding of plan.findings) err.line(`kcrash: ${finding}`);
    });
}

function rows(plan: PagePlan, census: readonly HeldPages[], pageSize: number): string[][] {
  const row = (name: string, { pages, held, zeros }: Omit<HeldPages, 'class'>, kept: string) => [
    name,
    String(pages),
    String(pages * pageSize),
    String(held),
    String(zeros),
    kept,
  ];
  const all = census.map((held) => row(held.class, held, keptWord(plan, held.class)));
  const sum = (of: (held: HeldPages) => number) => census.reduce((total, held) => total + of(held), 0);
  const total = {
    pages: sum((held) => held.pages),
    held: sum((held) => held.held),
    zeros: sum((held) => held.zeros),
  };
  const kept = plan.tiers.reduce((pages, tier) => pages + tier.pages, 0);
  return [...all, row('all', total, `${kept} pages`)];
}

/** In which step a class is kept, if it is. */
function keptWord(plan: PagePlan, name: string): string {
  const tier = entryOf(name)?.tier ?? null;
  const step = plan.tiers.findIndex((item) => item.name === tier);
  return step < 0 ? '-' : `${step + 1}. ${tier}`;
}

function entryOf(name: string) {
  return PAGE_CLASSES.find((entry) => entry.name === name);
}

function toJson(plan: PagePlan, census: readonly HeldPages[], pageSize: number) {
  return {
    pageSize,
    classes: census.map(({ class: name, pages, held, zeros }, n) => ({
      name,
      owner: entryOf(name)?.owner,
      reason: entryOf(name)?.reason,
      pages,
      bytes: pages * pageSize,
      held,
      zeros,
      kept: plan.classes[n]?.kept,
    })),
    tiers: plan.tiers.map(({ name, pages }) => ({ name, pages })),
    scrubbed: { bytes: plan.scrub.bytes, owners: Object.fromEntries(plan.scrub.owners) },
    findings: plan.findings,
  };
}
