import { rustPath } from './rust_symbol.ts';

/**
 * Which functions of a stack are not where a crash happened: those that print the report, those that the
 * processor or the kernel enters by itself, and those that only do for their caller what it asked. Names as a
 * shell would match them: `*` is any part of a name, `{a,b}` one of several; underscores before a name don't
 * count; `#` begins a comment.
 */
const CARRIERS = `
  # Printing a report.
  dump_stack* dump_backtrace show_stack* show_regs* show_trace_log_lvl unwind_backtrace walk_stackframe
  panic panic_* *_panic nmi_panic check_panic_on_warn print_tainted printk* vprintk* dev_printk* dev_vprintk* dev_{err,warn,info,crit}
  warn warn_* report_bug fixup_bug handle_bug bug_handler brk_handler call_break_hook do_debug_exception
  assertfail *_assertfail assfail bug_on* rust_helper_BUG rustc::rust_begin_unwind core::*
  stack_chk_fail schedule_bug schedule_debug fortify_*
  kasan_* asan_* hwasan_* check_memory_region* check_region_inline memory_is_poisoned* addr_has_metadata quarantine_*
  print_address_description print_report end_report report_enabled
  kmsan_* msan_* kcsan_* tsan_* ubsan_* kfence_* instrument_* sanitizer_cov_* check_kcov_mode canonicalize_ip
  save_stack* save_trace stack_trace_{save,consume}* arch_stack_walk* filter_irq_stacks stack_depot_* depot_*
  lockdep_* lock_acquire* lock_release* lock_is_held* find_held_lock match_held_lock reacquire_held_locks hlock_class static_obj
  check_lock* check_{deadlock,noncircular,path,wait_context,usage,irq_usage} check_prev_* check_prevs_* mark_lock* mark_held_locks mark_usage
  register_lock_class look_up_lock_class assign_lock_key validate_chain debug_check_no_locks_* trace_{hard,soft}irqs_*
  print_*{bug,usage,dependency,deadlock}*
  might_{sleep,fault,resched,alloc}* cant_* check_preemption_disabled debug_smp_processor_id this_cpu_preempt_check
  rcu_lockdep_* rcu_is_watching should_fail* should_failslab fail_dump fault_in_{readable,writeable,iov_iter}*
  usercopy_* check_object_size check_heap_object refcount_* ref_tracker_*
  debug_object_* debug_print_object debug_check_no_obj_* debug_{timer,work,hrtimer,rcu}_* *_is_static_object
  perf_trace_* trace_event_{raw,buffer}_* traceiter_* bpf_trace_* do_trace_*

  # Taking an exception.
  die die_* oops_* page_fault_oops no_context bad_area* bad_mode bad_page_fault spurious_* mm_fault_error fixup_exception
  arm_notify_die kernelmode_fixup_or_oops
  do_page_fault handle_page_fault do_kern_addr_fault do_kernel_fault do_bad_area do_translation_fault do_tag_check_fault
  do_tag_recovery do_mem_abort do_sea do_DataAbort do_PrefetchAbort do_alignment* do_sp_pc_abort do_undefinstr do_el{0,1}_*
  do_trap* do_error_trap do_invalid_op do_general_protection do_divide_error do_double_fault
  invalid_op general_protection page_fault async_page_fault divide_error double_fault df_debug math_error stack_segment
  exc_* asm_exc_* sysvec_* asm_sysvec_* el1_* el1{h,t}_* program_check_* data_access_* idtentry* retint_* ret_from_exception
  error_entry handle_exception interrupt_entry common_interrupt* asm_common_interrupt* irqentry_* asm_call_* x86_indirect_*
  apic_timer_interrupt smp_apic_timer_interrupt reschedule_interrupt smp_reschedule_interrupt

  # Locks, waiting and waking.
  raw_{spin,read,write}_* do_raw_* spin_* bit_spin_* arch_spin_* native_queued_* queued_{spin,read,write}_* raw_callee_save*
  pv_{queued,wait,kick,hash,unhash}* {read,write}_{lock,unlock,trylock}* debug_{spin,read,write}_* rwlock_bug *rq_lock*
  mutex_* ww_mutex_* rtmutex_* rt_mutex_* rwbase_* rt_{spin,read,write}_* rwsem_* call_rwsem_* percpu_{down,up,rwsem}_* osq_* lockref_*
  {down,up} {down,up}_{read,write,common,interruptible,killable,trylock,timeout,failed}* down_trylock_console_sem
  lock_sock* release_sock lock_page* unlock_page folio_{lock,unlock,wait}* lock_buffer reiserfs_write_{lock,unlock}* user_shm_{lock,unlock}
  schedule schedule_{timeout,preempt,hrtimeout,idle}* preempt_schedule* io_schedule* cond_resched* context_switch switch_to* finish_task_switch
  wait_for_common* do_wait_for_common wait_for_completion* wait_on_{bit,page,buffer}* bit_wait* out_of_line_wait_*
  wake_up wake_up_{common,sync,locked,interruptible}* wake_up_{bit,process,all,q,state,pollfree,klogd,var} swake_up*
  autoremove_wake_function default_wake_function prepare_to_wait* finish_wait complete complete_all complete_on_current_cpu
  rcu_read_* rcu_dereference_* local_{bh,irq}_* irq_{enter,exit}* arch_local_*

  # Memory for the caller, to it and from it.
  mem{cpy,set,move,cmp,chr,scan,dup}* read_word_at_a_time load_unaligned_zeropad copy_page copy_page_{rep,regs} clear_page clear_page_{rep,erms,orig} rep_*
  str{,n,r,l,s}{len,cpy,cat,cmp,casecmp,chr,str,dup,sep,pbrk,spn,chrnul}* sized_strscpy crc* sort bsearch
  *copy_{to,from,in}_{user,iter,kernel} *copy_{to,from,in}_{user,iter,kernel}_{nofault,inatomic,inatomic_nocache,atomic,full,nocache,flushcache,mcsafe}
  copy_user_* copyin copyout* {get,put,clear}_user* copy_{page,folio}_{to,from}_iter*
  kfree kzfree kvfree kfree_* kvfree_* vfree* vunmap* free_large_kmalloc kmem_cache_* slab_* free_slab discard_slab new_slab* allocate_slab
  {k,kv}{m,z,c}alloc* do_kmalloc* kmalloc_* krealloc* cache_{alloc,free,grow}* fallback_alloc v{m,z}alloc*
  kstrdup* kmemdup* kvmemdup* memdup_* vmemdup_* kasprintf* kvasprintf* mempool_*
  alloc_{page,pages,frozen_pages}* get_free_pages* get_zeroed_page get_page_from_freelist post_alloc_hook prep_new_page rmqueue* alloc_slab_page
  folio_alloc* page_frag_alloc* page_pool_alloc* bad_page poison_* qlink_*
  free_{page,pages} free_{page,pages}_{prepare,ok,core} free_unref_* free_compound_page destroy_large_folio free_pcp*

  # Lists, trees, bits, counters, text.
  list_{add,del,move,replace,splice,empty,cut,rotate,first,last,is_}* INIT_LIST_HEAD hlist_* llist_* plist_* klist_*
  rb_{erase,insert,first,last,next,prev,replace,link,find,add}* xa_* xas_*
  atomic atomic_* atomic64_* atomic_long_* arch_atomic* raw_atomic* read_once* write_once* READ_ONCE* WRITE_ONCE* xchg cmpxchg
  test_*bit* {arch,const,variable,constant,generic}_test_*bit* test_and_* {set,clear,change}_bit arch_{set,clear,change}_bit find_*bit* bitmap_{find,weight,and,or,set,clear}
  kref_* sw_hweight*
  {,v}{,s,sn,sc,scn}printf string string_nocheck number pointer format_decode widen_string hex_string bstr_printf seq_{printf,vprintf} seq_put*

  # Timers, work and threads.
  del_timer* try_to_del_timer* del_singleshot_timer* timer_{delete,shutdown}* mod_timer* add_timer* init_timer* lock_timer_base detach_if_pending
  flush_work* flush_delayed_work start_flush_work cancel_work* cancel_delayed_work* queue_work* queue_delayed_work* mod_delayed_work*
  insert_work try_to_grab_pending kthread_{stop,park,unpark,flush,cancel}* kvfree_call_rcu get_*task_struct put_task_struct*

  # The driver core, sysfs and the reference counts of file systems.
  kobject_{add,init,create,register,unregister,del,put,get,cleanup,release,uevent,rename,move}* add_uevent_var sysfs_{create,remove}_* dpm_sysfs_*
  device_{add,del,register,unregister,destroy,release,initialize} device_create* device_for_each_child*
  get_device put_device get_device_parent devres_release_* release_nodes bus_{add,remove,probe}_device
  tty_unregister_device hwrng_unregister i2c_del_adapter unregister_client usb_{kill,poison,unlink,free,get,put}_urb usb_kill_anchored_urbs usb_hcd_{unlink,submit}_urb
  iput dput fast_dput {drop,inc,clear,set}_nlink mark_buffer_dirty* find_lock_entries find_get_{entries,pages}* truncate_inode_pages* invalidate_{mapping,inode}_pages*

  # Buffers of the network and the end of its devices.
  kfree_skb* consume_skb skb_{put,pull,push} skb_{put,pull,push}_{data,zero} rollback_registered* unregister_netdevice_{many,queue}*

  # Registers of devices.
  raw_{read,write}{b,w,l,q} {read,write}{b,w,l,q} {read,write}{b,w,l,q}_relaxed io{read,write}{8,16,32,64}* logic_{in,out}{b,w,l} {in,out}{b,w,l} {in,out}s{b,w,l}
`;

/** Tests names by a list's patterns. Their expression is made when it is first asked for: most commands never do. */
function anyOf(list: string): { readonly test: (name: string) => boolean } {
  let made: RegExp | undefined;
  return {
    test: (name) => {
      made ??= expressionOf(list);
      return made.test(name);
    },
  };
}

/** The expression of names that match one of a list's patterns. */
function expressionOf(list: string): RegExp {
  const patterns = list.replace(/#.*/g, '').trim().split(/\s+/);
  const sources = patterns.map((pattern) =>
    pattern
      .replace(/\{([^}]*)\}/g, (_, options: string) => `(?:${options.replaceAll(',', '|')})`)
      .replaceAll('*', '[\\w:]*'),
  );
  return new RegExp(`^_*(?:${sources.join('|')})$`);
}

const CARRIER = anyOf(CARRIERS);

/** Suffixes that the compiler adds to a function it split, cloned or renamed. */
const SUFFIX =
  /(?:\.(?:isra|constprop|part|cold|lto_priv|llvm|unlikely|__uniq|localalias|clone|suspend|resume)(?:\.\d+)*)+$|\.\d+$/;

/** A function's name as the source has it. */
export function sourceName(symbol: string): string {
  return rustPath(symbol) ?? symbol.replace(SUFFIX, '');
}

/** True for a function that no crash should be named by. */
export function onlyCarries(name: string): boolean {
  return CARRIER.test(name);
}

/** System calls are named as the manual has them, whichever of its entry points the stack shows. */
export function commonName(name: string): string {
  return name
    .replace(/^__(?:x64|ia32|arm64|riscv|s390x?|powerpc|mips|x86|x32)_(?:compat_)?sys_/, 'sys_')
    .replace(/^(?:(?:compat_)?SyS_|SYSC_|C_SYSC_|compat_sys_|__(?:do|se)_(?:compat_)?sys_)/, '')
    .replace(/^smp_call_function_\w+$/, 'smp_call_function')
    .replace(/^synchronize_(?:rcu_expedited|sched\w*|rcu_\w+)$/, 'synchronize_rcu');
}

/** Functions through which the kernel hands a processor to a subsystem: they call a pointer that it registered. */
const DISPATCHER = anyOf(`
  call_timer_fn expire_timers tasklet_action* do_softirq handle_softirqs cpu_startup_entry kthread process_one_work task_work_run
  vfs_{read,write,readv,writev,ioctl,get_tree} vfs_iter_* new_sync_* do_iter_* call_{read,write}_iter fput do_dentry_open legacy_get_tree mount_fs
  do_vfs_ioctl SyS_ioctl compat_SyS_ioctl sys_setsockopt do_sock_setsockopt
  netif_receive_skb* sock_sendmsg* rtnetlink_rcv_msg nfnetlink_rcv_*
`);
/** sock_sendmsg() and its like are often inlined into these. */
const SENDER = /^(?:_{2,4}sys_send\w+|sock_write_iter)$/;
/** Where system calls enter. */
const SYSCALL_ENTRY = anyOf(`
  do_syscall_* x64_sys_call ia32_sys_call do_int80_* do_fast_syscall_32 entry_* invoke_syscall el0_svc* sys_trace_return ret_fast_syscall
  system_call* sysenter_dispatch tracesys* do_trap_ecall_u
`);
const SYSCALL =
  /^(?:__\w+?_(?:compat_)?sys_|(?:compat_)?SyS_|SYSC_|compat_sys_|ksys_|__(?:do|se)_(?:compat_)?sys_|sys_)/;
/** An ioctl's handler is an entry, whichever layers pass it on; these are the layers. */
const IOCTL_LAYER =
  /^_*(?:do|vfs|ksys|sys|SyS|se_sys|do_sys|x64_sys|ia32_sys|arm64_sys|compat|sock|inet|inet6|dev|blkdev|security)_/;
/** Threads and handlers that every stall's report shows. */
const HOUSEKEEPING = anyOf('rcu_* worker_thread smpboot_thread_fn tick_* update_process_times');

/** True when `name` is a subsystem's entry: `caller` handed the processor to it. */
export function isEntry(name: string, caller: string | undefined): boolean {
  if (HOUSEKEEPING.test(name) || DISPATCHER.test(name)) return false;
  if (name.endsWith('_ioctl') && !IOCTL_LAYER.test(name)) return true;
  if (caller === undefined) return false;
  if (DISPATCHER.test(caller)) return true;
  if (SENDER.test(caller)) return name.endsWith('_sendmsg');
  return SYSCALL_ENTRY.test(caller) && SYSCALL.test(name);
}

/** True for a function that allocates for its caller. */
export function allocates(name: string): boolean {
  return /alloc|^create_object|^kmemleak|^pcpu_|^idr_|^get_free/.test(name);
}

/** What a task waits with, for whatever reason. */
const WAITER = anyOf(`
  wait_rcu_gp rcu_barrier* wait_woken console_lock console_trylock filemap_fdatawait* fdatawait_* do_read_cache_* kthread_*
  msleep* usleep_* do_nanosleep
`);

/** True for a function that waits for its caller. */
export function onlyWaits(name: string): boolean {
  return WAITER.test(name);
}
