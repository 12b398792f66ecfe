import * as std from 'quickjs:std';
import { QuickJsPort } from '../src/device/quickjs_port.ts';
import type { Place } from './port_checks.ts';
import { checks } from './port_contract.ts';
import { forkChecks } from './port_fork_checks.ts';

// Runs on the device's engine: a line of JSON for each check. Words: the folder for the checks, as `Place` has it.
const place = JSON.parse(scriptArgs[1] ?? '') as Place;
const port = new QuickJsPort();
for (const [name, check] of Object.entries({ ...checks, ...forkChecks })) {
  let why: string | undefined;
  try {
    check(port, place);
  } catch (error) {
    why = error instanceof Error ? `${error.message}\n${error.stack}` : String(error);
  }
  port.say(JSON.stringify({ name, why }));
}
std.exit(0);
