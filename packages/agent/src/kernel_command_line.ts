/**
 * The kernel's command line: parameters parted by blanks, where double quotes keep blanks inside a value
 * (next_arg() in the kernel's lib/cmdline.c). Everything from a bare `--` on goes to init and is kept.
 */
export function splitParameters(commandLine: string): string[] {
  const parameters: string[] = [];
  let current = '';
  let quoted = false;
  for (const char of commandLine.trim()) {
    if (char === '"') quoted = !quoted;
    if (!quoted && /\s/.test(char)) {
      if (current !== '') parameters.push(current);
      current = '';
    } else {
      current += char;
    }
  }
  if (current !== '') parameters.push(current);
  return parameters;
}

/** A parameter's name in the kernel's spelling: dashes and underscores are the same to it. */
export function parameterName(parameter: string): string {
  return (parameter.split('=', 1)[0] ?? '').replaceAll('"', '').replaceAll('-', '_');
}

/** The value of the last parameter of that name; `''` where it has none, null where it is absent. */
export function parameterValue(commandLine: string, name: string): string | null {
  const wanted = parameterName(name);
  let value: string | null = null;
  for (const parameter of splitParameters(commandLine)) {
    if (parameter === '--') break;
    if (parameterName(parameter) !== wanted) continue;
    const equals = parameter.indexOf('=');
    value = equals < 0 ? '' : parameter.slice(equals + 1).replaceAll('"', '');
  }
  return value;
}

/** Why a parameter of the running kernel does not go to the capture kernel. */
const NOT_FOR_CAPTURE: Readonly<Record<string, string>> = {
  // Given anew by whoever loads the capture kernel.
  crashkernel: 'the capture kernel reserves nothing',
  BOOT_IMAGE: 'a note of the boot loader',
  elfcorehdr: 'kexec gives its own',
  // Memory: the reservation is all that the capture kernel has.
  log_buf_len: 'its buffer would waste the reservation',
  hugepages: 'would fill the reservation',
  hugepagesz: 'would fill the reservation',
  default_hugepagesz: 'would fill the reservation',
  hugetlb_cma: 'would fill the reservation',
  cma: 'would fill the reservation',
  page_owner: 'would waste the reservation',
  stack_depot_disable: 'would waste the reservation',
  slub_debug: 'would waste the reservation',
  slab_debug: 'would waste the reservation',
  transparent_hugepage: 'would waste the reservation',
  trace_buf_size: 'would waste the reservation',
  // Processors: there is one.
  isolcpus: 'there is one CPU',
  nohz_full: 'there is one CPU',
  rcu_nocbs: 'there is one CPU',
  irqaffinity: 'there is one CPU',
  nr_cpus: 'there is one CPU',
  maxcpus: 'there is one CPU',
  possible_cpus: 'there is one CPU',
  // What would end the capture instead of the crash.
  panic_on_warn: 'must not end the capture',
  softlockup_panic: 'must not end the capture',
  hung_task_panic: 'must not end the capture',
  unknown_nmi_panic: 'must not end the capture',
  oops: 'must not end the capture',
};

/** The command line for the capture kernel, and what was taken out of the running kernel's. */
export interface CaptureCommandLine {
  readonly text: string;
  /** Each as `parameter (reason)`. */
  readonly dropped: readonly string[];
}

/** Builds the capture kernel's command line from the running kernel's and what is to be added. */
export function captureCommandLine(running: string, append: string): CaptureCommandLine {
  const added = splitParameters(append);
  const addedNames = new Set(added.map(parameterName));
  const kept: string[] = [];
  const forInit: string[] = [];
  const dropped: string[] = [];
  for (const parameter of splitParameters(running)) {
    if (forInit.length > 0 || parameter === '--') {
      forInit.push(parameter);
      continue;
    }
    const name = parameterName(parameter);
    const reason = NOT_FOR_CAPTURE[name] ?? NOT_FOR_CAPTURE[name.replace(/^sysctl\.(kernel|vm)[./]/, '')];
    if (reason !== undefined) dropped.push(`${parameter} (${reason})`);
    else if (name === 'sysctl.vm.panic_on_oom') dropped.push(`${parameter} (must not end the capture)`);
    else if (!addedNames.has(name)) kept.push(parameter);
  }
  return { text: [...kept, ...added, ...forInit].join(' '), dropped };
}
