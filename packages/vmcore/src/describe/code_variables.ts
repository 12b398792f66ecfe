import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { type CodeOperand, codeOperands } from './code_operands.ts';
import type { KernelDescription } from './kernel_description.ts';
import { tryRead } from './kernel_memory.ts';

/** A function that works on a variable, and which of its operands the variable is. */
interface Use {
  /** The newest kernel's name first. */
  readonly functions: readonly string[];
  readonly kind: CodeOperand['kind'];
  readonly size: number;
  /** Among those of that kind and size. */
  readonly which: 'first' | 'last';
  /** The operand is a member of the variable, in a struct of this name. */
  readonly member?: readonly [struct: string, path: string];
}

const use = (of: string, kind: CodeOperand['kind'], size: number, which: Use['which'] = 'first'): Use => ({
  functions: of.split(' '),
  kind,
  size,
  which,
});

/**
 * Small functions that do little more than to read a variable. In the order of their operands nothing else of
 * that size comes before, or behind for `last`.
 */
const USES: Readonly<Record<string, Use>> = {
  // return tainted_mask;
  tainted_mask: use('get_taint', 'memory', 8),
  // seq_puts(m, saved_command_line);
  saved_command_line: use('cmdline_proc_show', 'memory', 8),
  // … nr_running(), nr_threads, …
  nr_threads: use('loadavg_proc_show', 'memory', 4),
  // return percpu_counter_sum_positive(&vm_committed_as);
  vm_committed_as: use('vm_memory_committed', 'address', 8),
  // if (sysctl_overcommit_kbytes) … else (… * sysctl_overcommit_ratio / 100); allowed += total_swap_pages;
  sysctl_overcommit_kbytes: use('vm_commit_limit', 'memory', 8),
  sysctl_overcommit_ratio: use('vm_commit_limit', 'memory', 4),
  total_swap_pages: use('vm_commit_limit', 'memory', 8, 'last'),
  // return atomic_long_read(&nr_vmalloc_pages);
  nr_vmalloc_pages: use('vmalloc_nr_pages', 'memory', 8),
  // return pcpu_nr_populated * pcpu_nr_units;
  pcpu_nr_populated: use('pcpu_nr_pages', 'memory', 8),
  pcpu_nr_units: use('pcpu_nr_pages', 'memory', 4),
  // for (h = hstates; h < &hstates[hugetlb_max_hstate]; h++)
  hugetlb_max_hstate: use('size_to_hstate', 'memory', 4),
  hstates: use('size_to_hstate', 'address', 8),
  // atomic_long_inc(&num_poisoned_pages);
  num_poisoned_pages: use('num_poisoned_pages_inc', 'memory', 8),
  // old = READ_ONCE(watchdog_thresh);
  watchdog_thresh: use('proc_watchdog_thresh', 'memory', 4),
  // list_for_each_entry_rcu(mod, &modules, list)
  modules: use('find_module_all', 'memory', 8),
  // for (vn = &vmap_nodes[0]; vn < &vmap_nodes[nr_vmap_nodes]; vn++)
  vmap_nodes: use('vmap_node_shrink_count', 'memory', 8),
  nr_vmap_nodes: use('vmap_node_shrink_count', 'memory', 4),
  // new_inode_pseudo(pipe_mnt->mnt_sb)
  pipe_mnt: use('create_pipe_files', 'memory', 8),
  // n = key_serial_tree.rb_node;
  key_serial_tree: use('key_lookup', 'memory', 8),
  // if (&p->tty_drivers == tty_drivers.next)
  tty_drivers: use('show_tty_driver', 'memory', 8),
  // if (atomic_try_cmpxchg(&panic_cpu, …, this_cpu))
  panic_cpu: use('nmi_panic', 'memory', 4),
  // if (sysrq_always_enabled) return 1; return sysrq_enabled;
  sysrq_enabled: use('sysrq_mask', 'memory', 4),
  // return __register_sysctl_table(&sysctl_table_root.default_set, …);
  sysctl_table_root: {
    // Renamed in 6.6 (bff97cf11b26).
    ...use('register_sysctl_sz register_sysctl', 'address', 8),
    member: ['ctl_table_root', 'default_set'],
  },
  // return tk->xtime_sec; the timekeeper is a member of tk_core or timekeeper_data.
  timekeeper: {
    ...use('ktime_get_real_seconds', 'memory', 8),
    member: ['timekeeper', 'xtime_sec'],
  },
};

/** The functions have a few dozen bytes, and one some hundred. */
const MOST_BYTES = 2048;

/**
 * Address of a variable by the code of a function that reads it: the last road where kallsyms has code only,
 * and the kernel does not export the variable. Undefined where the kernel has no such function, and so no such
 * variable. Throws `not-described` where the function has no operand like it.
 */
export function variableInCode(
  kernel: Pick<KernelDescription, 'memory' | 'kallsyms' | 'types'>,
  name: string,
): VirtualAddress | undefined {
  const { functions = [], kind, size, which, member } = USES[name] ?? {};
  const { memory, kallsyms } = kernel;
  const symbol = functions.flatMap((of) => kallsyms.find(of))[0];
  if (symbol === undefined) return undefined;
  const length = kallsyms.lookup(symbol.address)?.size ?? 0;
  const code = memory.read(symbol.address, Math.min(length, MOST_BYTES));
  const found = codeOperands(code, symbol.address).filter(
    (operand) => operand.kind === kind && operand.size === size && isData(kernel, operand.address),
  );
  const operand = which === 'first' ? found[0] : found.at(-1);
  if (operand === undefined)
    throw new DumpError('not-described', `The code of ${symbol.name} does not tell where ${name} is`, {
      name,
    });
  return addTo(operand.address, member === undefined ? 0 : -kernel.types.offsetof(...member));
}

/** A constant may be a number, or the address of a function. */
function isData(
  { memory, kallsyms }: Pick<KernelDescription, 'memory' | 'kallsyms'>,
  address: VirtualAddress,
): boolean {
  return address > kallsyms.start && !kallsyms.isText(address) && tryRead(memory, address, 1) !== undefined;
}
