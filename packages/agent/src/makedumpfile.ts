import { describe } from './arm.ts';
import type { DumpEngine, DumpRequest, DumpResult } from './dump_engine.ts';
import { readKdumpStatus } from './kdump_header.ts';
import type { Port } from './port.ts';
import type { Settings } from './settings.ts';

/** makedumpfile's compressions, best first: zstd is smaller than LZO and faster than zlib. */
const CODECS = [
  { name: 'zstd', option: '-z' },
  { name: 'lzo', option: '-l' },
  { name: 'zlib', option: '-c' },
] as const;

type Codec = (typeof CODECS)[number];

const VERSION_LIMIT_SECONDS = 20;
/** Of makedumpfile's messages only errors: its progress lines would fill the output that is kept. */
const MESSAGE_LEVEL = '4';

/**
 * The best compression this makedumpfile was built with. It is asked (`-v` prints `zstd enabled`), for an
 * option it lacks is ignored with a warning and the dump written uncompressed. zlib is always there.
 */
export function bestCodec(versionText: string): Codec {
  const enabled = (name: string) => new RegExp(`^${name}\\s+enabled`, 'm').test(versionText);
  return CODECS.find((codec) => codec.name === 'zlib' || enabled(codec.name)) ?? CODECS[2];
}

/** The distribution's makedumpfile as dump engine. */
export function makedumpfileEngine(settings: Settings): DumpEngine {
  return {
    name: 'makedumpfile',
    dump: (port, request) => dump(port, settings, request),
  };
}

function dump(port: Port, settings: Settings, request: DumpRequest): DumpResult {
  const version = port.run([settings.makedumpfile_path, '-v'], { limitSeconds: VERSION_LIMIT_SECONDS });
  if (version.how === 'not-started') return failure(`makedumpfile ${describe(version)}`);
  const codec = bestCodec(version.output);
  const ended = port.run(
    [
      settings.makedumpfile_path,
      codec.option,
      '-d',
      String(settings.dump_level),
      '-L',
      String(request.sizeLimitBytes),
      '--message-level',
      MESSAGE_LEVEL,
      request.vmcore,
      request.out,
    ],
    { limitSeconds: request.limitSeconds, whileRunning: request.whileRunning },
  );
  const status = readKdumpStatus(port, request.out);
  // A dump cut by its size limit is usable, although makedumpfile then ends with a failure of its own.
  const cut = ended.how === 'exited' && ended.code !== 0 && status?.incomplete === true;
  if (!cut && (ended.how !== 'exited' || ended.code !== 0)) {
    return failure(`makedumpfile: ${describe(ended)}`);
  }
  if (status === null) return failure('makedumpfile ended well, but what it wrote is not a kdump file');
  return { ok: true, complete: !status.incomplete, codec: status.codec, leftOut: null };
}

function failure(why: string): DumpResult {
  return { ok: false, why, tooSmall: false };
}

/** Writes the crashed kernel's log to `out`. Null on success, else why not. */
export function dumpDmesg(port: Port, settings: Settings, vmcore: string, out: string): string | null {
  const ended = port.run(
    [settings.makedumpfile_path, '--dump-dmesg', '--message-level', MESSAGE_LEVEL, vmcore, out],
    {
      limitSeconds: settings.dmesg_limit_seconds,
    },
  );
  return ended.how === 'exited' && ended.code === 0 ? null : `makedumpfile --dump-dmesg: ${describe(ended)}`;
}
