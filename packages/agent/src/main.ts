import { arm } from './arm.ts';
import { collect } from './collect.ts';
import { parseCommandLine, usage } from './command_line.ts';
import { writeDumpFile } from './dump_command.ts';
import type { Port } from './port.ts';
import { log, report } from './report_command.ts';
import { loadConfiguration } from './settings.ts';
import { status } from './status.ts';

/** Runs one command of the device program. Returns the exit status: 0 good, 1 not, 2 wrong use. */
export function main(port: Port, args: readonly string[], version: string): number {
  const line = parseCommandLine(args);
  if (line.command === 'version') {
    port.say(`kcrash ${version}`);
    return 0;
  }
  if (line.command === 'help') {
    port.say(usage());
    return 0;
  }
  const problems = loadConfiguration(port, line.settings, line.configuration.path, line.configuration.wanted);
  for (const set of line.overrides) set(line.settings);
  switch (line.command) {
    case 'arm':
      return arm(port, line.settings, { usage: line.problems, configuration: problems });
    case 'collect':
      // In a capture boot a wrong word must not cost the crash: collect says it and goes on.
      return collect(port, line.settings, [...line.problems, ...problems]);
    case 'report':
      if (line.problems.length > 0) break;
      return report(port, line.dump, line.json ? 'json' : 'text');
    case 'log':
      if (line.problems.length > 0) break;
      return log(port, line.dump);
    case 'dump':
      if (line.problems.length > 0) break;
      return writeDumpFile(port, line.dump, line.wish, version);
    case 'status':
      if (line.problems.length > 0) break;
      return status(port, line.settings, { json: line.json, problems });
    case 'none':
      break;
  }
  for (const problem of line.problems) port.complain(`kcrash: ${problem}`);
  port.complain('kcrash: kcrash --help lists the commands and settings');
  return 2;
}
