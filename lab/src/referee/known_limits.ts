/** Something a referee cannot do that is not ours to mend. */
export interface KnownLimit {
  /** Name and version of the tool. */
  readonly tool: RegExp;
  readonly check: RegExp;
  /** What the tool prints when it comes to this, where it prints anything. */
  readonly said?: RegExp;
  /** The differences that follow from it. */
  readonly difference: RegExp;
  readonly why: string;
}

/** Each is as narrow as what was seen: anything else fails. */
export const KNOWN_LIMITS: readonly KnownLimit[] = [
  {
    tool: /^crash 8\.0\.2/,
    check: /^tasks$/,
    difference: /^TASKS: found/,
    why: 'this crash knows struct pid with numbers[1]; kernel commit b69f0aeb0689, which 6.1.y has, made it numbers[]',
  },
  {
    tool: /^crash 8\.0\.2/,
    check: /^kcrash: ps$/,
    difference: /^number of tasks: |^PPID of .*, wanted -1$/,
    why: 'this crash knows struct pid with numbers[1] and so finds the tasks of CPUs alone, without their parents',
  },
  {
    tool: /^crash 8\.0\.2/,
    check: /^bt$/,
    said: /possibly bogus exception frame/,
    difference: /^frame: |^bt: found "WARNING: possibly bogus/,
    why: 'this crash loses its way where the stack of interrupts meets that of the task',
  },
  {
    tool: /^crash 8\.0\.2/,
    check: /^sys$/,
    difference: /^PANIC: found "", wanted "stack guard page: /,
    why: 'this crash does not know the words of a stack overflow, and leaves PANIC empty',
  },
  {
    tool: /^drgn 0\.0\.22/,
    check: /^bt$/,
    difference: /^stack: found its end after \w*sysvec_/,
    why: 'this drgn loses its way where the stack of interrupts meets that of the task',
  },
  {
    tool: /^drgn 0\.0\.22/,
    check: /^kcrash: stacks$/,
    difference: /^stacks: found .*, wanted none: unknown ORC entry type \d+$/,
    why: 'this drgn does not know the ORC entry types that kernel commit fb799447ae29 (6.4) brought',
  },
  {
    tool: /^drgn 0\.0\.22/,
    check: /^kcrash: stacks$/,
    said: /'struct module' has no member 'core_size'/,
    difference: /^stacks: found .*, wanted others, from code on that drgn has no debug info of$/,
    why: 'this drgn does not know struct module since kernel commit ac3b43283923 (6.4), and so has no debug info of modules',
  },
  {
    tool: /^drgn 0\.0\.22/,
    check: /^kcrash: stacks$/,
    difference: /^stack of .*, wanted its end after (?:\w*sysvec_\w+|rep_stos_alternative)\+0x[0-9a-f]+$/,
    why: 'this drgn loses its way where the stack of interrupts meets that of the task',
  },
  {
    tool: /^drgn 0\.0\.22/,
    check: /^bt$/,
    difference: /^stack: found none: unknown ORC entry type \d+, /,
    why: 'this drgn does not know the ORC entry types that kernel commit fb799447ae29 (6.4) brought',
  },
  {
    tool: /^crash 8\.0\.2/,
    check: /^opens$/,
    said: /crash: seek error: kernel virtual address: [0-9a-f]+ {2}type: "page_offset_base"/,
    difference: /^does not open: exit 1, nothing from sys, bt, log: /,
    why: 'this crash does not find its way about a 6.12 kernel',
  },
  {
    tool: /^crash 8\.0\.2/,
    check: /^minimal: (?:ps|foreach)\b/,
    difference: /^whole memory: (?:\d+ tasks of \d+$|vm: invalid structure member offset: mm_struct_mmap)/,
    why: 'this crash knows struct pid with numbers[1] and so finds the tasks of CPUs alone, and struct mm_struct with its list mmap, which kernel commit 763ecb035029 (6.1) removed',
  },
  {
    tool: /^drgn /,
    check: /^minimal: kernel configuration$/,
    difference: /^whole memory: cannot: LookupError: kernel configuration data not found/,
    why: 'the kernel was built without IKCONFIG and so does not have its configuration in memory',
  },
  {
    tool: /^drgn 0\.0\.22/,
    check: /^minimal: /,
    difference: /^whole memory: cannot: module 'drgn\.helpers\.linux' has no attribute /,
    why: 'this drgn has no such helper',
  },
  {
    tool: /^crash /,
    check: /^cut /,
    said: /This dumpfile is incomplete[\s\S]*crash: (?:page incomplete: |invalid kernel virtual address: )/,
    difference: /^does not open: /,
    why: 'makedumpfile writes pages by address, so a cut dump lacks the top of memory, where the kernel keeps page tables and its memory map',
  },
];
