import { spawnSync } from 'node:child_process';
import { FileSource } from '@kcrash/vmcore/bytes/file_source.node';
import { openVmcore } from '@kcrash/vmcore/vmcore';
import type { Command } from 'commander';
import { findDebugInfo, type WantedKernel } from '../debug_info.ts';
import { Failure } from '../failure.ts';
import type { Io } from '../output.ts';

/** `kcrash crash DUMP --debug PLACE [-- ARGUMENTS]`: starts crash with the vmlinux that fits the dump. */
export function addCrashCommand(program: Command, io: Io): void {
  program
    .command('crash')
    .description('open a dump in the crash utility, with the debug info that fits it')
    .argument('<dump>', 'the dump')
    .argument('[arguments...]', 'handed on to crash, after --')
    .requiredOption('--debug <place>', 'a vmlinux, a folder that holds one, or a kernel-debug.tar')
    .option('--crash <program>', 'the crash program', 'crash')
    .action((dump: string, rest: string[], options: { debug: string; crash: string }) => {
      const { wanted, incomplete } = kernelOf(dump);
      const debugInfo = findDebugInfo(options.debug, wanted);
      // crash refuses such a dump over the first page it misses; with this it takes missing pages for zeros.
      const flags = incomplete ? ['--zero_excluded'] : [];
      if (incomplete) {
        console.error('kcrash: the dump is incomplete; crash is told to take missing pages for zeros');
      }
      try {
        io.status = startCrash(options.crash, [debugInfo.path, dump, ...flags, ...rest]);
      } finally {
        debugInfo.dispose();
      }
    });
}

function kernelOf(dump: string): { readonly wanted: WantedKernel; readonly incomplete: boolean } {
  const source = new FileSource(dump);
  try {
    const { vmcoreinfo, container } = openVmcore(source);
    const wanted = { release: vmcoreinfo.osRelease, buildId: vmcoreinfo.buildId ?? null };
    return { wanted, incomplete: container.incomplete };
  } finally {
    source.close();
  }
}

function startCrash(program: string, args: readonly string[]): number {
  // Ctrl-C belongs to crash, which stops a command by it and stays.
  const ignore = () => {};
  process.on('SIGINT', ignore);
  try {
    const { error, status, signal } = spawnSync(program, args, { stdio: 'inherit' });
    if (error !== undefined) {
      throw new Failure(
        `${program} cannot be started: ${error.message}`,
        'On Debian: apt-get install crash.',
      );
    }
    return signal === null ? (status ?? 1) : 1;
  } finally {
    process.off('SIGINT', ignore);
  }
}
