#!/usr/bin/env node
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { Command } from 'commander';
import { addCrashCommand } from './commands/crash.ts';
import { Failure } from './failure.ts';

/** Set by the build. */
declare const KCRASH_VERSION: string | undefined;

const program = new Command('kcrash')
  .description('Reads what a Linux kernel crash left.')
  .version(typeof KCRASH_VERSION === 'string' ? KCRASH_VERSION : 'from source')
  .showHelpAfterError('(kcrash --help lists commands)')
  // Wrong use exits with 2, so that 1 always means that the work itself failed.
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
addCrashCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof Failure) {
    console.error(`kcrash: ${error.message}`);
    process.exitCode = error.exitStatus;
  } else if (error instanceof DumpError) {
    console.error(`kcrash: ${error.message}.`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
