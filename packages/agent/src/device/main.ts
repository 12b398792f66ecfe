import * as os from 'quickjs:os';
import * as std from 'quickjs:std';
import { main } from '../main.ts';
import { QuickJsPort } from './quickjs_port.ts';

/** Set by the build. */
declare const KCRASH_VERSION: string;

/** EX_SOFTWARE of sysexits.h. */
const INTERNAL_ERROR = 70;

// Without a PATH, as in a capture boot, exec would look in /bin and /usr/bin alone.
if (std.getenv('PATH') === undefined) std.setenv('PATH', '/usr/sbin:/usr/bin:/sbin:/bin');
// A reader of our output that goes away must not end us in the middle of a crash.
os.signal(os.SIGPIPE, undefined);

function run(): number {
  try {
    return main(new QuickJsPort(), scriptArgs.slice(1), KCRASH_VERSION);
  } catch (error) {
    const { message, stack } = error instanceof Error ? error : { message: String(error), stack: '' };
    std.err.puts(`kcrash: internal error: ${message}\n${stack ?? ''}`);
    return INTERNAL_ERROR;
  }
}

std.exit(run());
