import { jsonLine } from '@kcrash/report/json_text';
import { hexAddress } from '@kcrash/vmcore/bytes/address';
import { type Module, readModules } from '@kcrash/vmcore/kernel/modules';
import type { Command } from 'commander';
import { dumpCommand } from '../dump_command.ts';
import { Failure } from '../failure.ts';
import { type DumpOptions, openDumpFile } from '../open_dump.ts';
import type { Io } from '../output.ts';
import { printable } from '../printable.ts';
import { bareAddress } from '../symbol_line.ts';
import { type Column, tableLines } from '../table.ts';

const COLUMNS: readonly Column[] = [
  { title: 'MODULE', align: 'left' },
  { title: 'NAME', align: 'left' },
  { title: 'TEXT_BASE', align: 'left' },
  { title: 'SIZE', align: 'right' },
  { title: 'REFS', align: 'right' },
  { title: 'STATE', align: 'left' },
  { title: 'TAINTS', align: 'left' },
  { title: 'USED BY', align: 'left' },
];

/** `kcrash mod DUMP [NAME…]`: the loaded modules. */
export function addModCommand(program: Command, { out, err }: Io): void {
  dumpCommand(program, 'mod', 'list the loaded modules, the newest first')
    .argument('[names...]', 'only these modules')
    .action((file: string, names: string[], options: DumpOptions) => {
      const { modules, problems } = readModules(openDumpFile(file, options));
      const missing = names.find((name) => !modules.some((module) => module.name === name));
      if (missing !== undefined) {
        throw new Failure(`No module ${missing} was loaded`, 'kcrash mod DUMP lists those that were.');
      }
      const shown = names.length === 0 ? modules : modules.filter(({ name }) => names.includes(name));
      if (options.json) {
        out.write(jsonLine({ modules: shown.map(toJson), problems }));
        return;
      }
      for (const line of tableLines(COLUMNS, shown.map(row))) out.line(line);
      for (const problem of problems) err.line(`kcrash: ${problem}`);
    });
}

function row({
  address,
  name,
  base,
  sizeBytes,
  references,
  permanent,
  state,
  taints,
  users,
}: Module): string[] {
  const usedBy = [...users.map(printable), ...(permanent ? ['[permanent]'] : [])];
  return [
    bareAddress(address),
    printable(name),
    bareAddress(base),
    String(sizeBytes),
    String(references ?? '-'),
    state,
    taints === '' ? '-' : taints,
    usedBy.join(',') || '-',
  ];
}

function toJson(module: Module) {
  const { address, base, regions, ...rest } = module;
  return {
    ...rest,
    address: hexAddress(address),
    base: hexAddress(base),
    regions: regions.map(({ start, end, text, init }) => ({
      start: hexAddress(start),
      end: hexAddress(end),
      text,
      init,
    })),
    version: module.version,
    srcversion: module.srcversion,
  };
}
