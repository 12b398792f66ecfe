import type { QuestionCode, QuestionError } from '@kcrash/report/explore/question_error';
import type { DumpError, DumpErrorCode } from '@kcrash/vmcore/bytes/errors';

/** What the user can do about an error of the library; it states facts only. */
const WAY_OUT: Record<DumpErrorCode | QuestionCode, string> = {
  'not-a-dump': 'Give a vmcore, a kdump file, or a memory dump of a virtual machine.',
  io: 'Check that the file is there, is a file, and may be read.',
  'no-room': 'Free space there, write elsewhere, or give --budget-mib another number.',
  'not-described':
    'Another kernel may have it under another name; with its debug info, kcrash crash opens the dump in crash.',
  'absent-memory': 'makedumpfile leaves out what its -d says: a dump with a lower level has more.',
  unmapped: 'The kernel had no memory there, or the dump is damaged: kcrash info tells its problems.',
  unsupported: 'makedumpfile can rewrite a dump; kcrash crash opens it in crash.',
  'bad-format': 'The dump may be damaged there: kcrash info tells its problems.',
  'out-of-bounds': 'The dump may be damaged there: kcrash info tells its problems.',
  runaway: 'The dump may be damaged there: kcrash info tells its problems.',
  syntax:
    'Write it as in C: init_task.parent->comm, runqueues:0.nr_running, ((struct file *)ADDRESS)->f_mode.',
  'no-symbol': 'kcrash sym -q searches symbols; addresses are hexadecimal.',
  'several-symbols': 'Give the address of one; in an expression, *(TYPE *)ADDRESS.',
  'no-type': 'kcrash type NAME prints a type’s layout.',
  untyped: 'Say it: (TYPE)NAME, *(TYPE *)ADDRESS; or kcrash read prints the memory there.',
  'wrong-type': 'kcrash type NAME prints a type’s layout.',
  'nothing-there': 'kcrash vars prints what it was reached from.',
};

/** An error of the library as a person should read it: what is wrong, and the way out. */
export function advise(error: DumpError | QuestionError): string {
  return `${error.message}. ${WAY_OUT[error.code]}`;
}
