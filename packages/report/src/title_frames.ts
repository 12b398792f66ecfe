import { rustPath } from './rust_symbol.ts';

/**
 * Which functions of a stack are not where a crash happened: those that print the report, those that the
 * processor or the kernel enters by itself, and those that only do for their caller what it asked.
 */

/** Alternatives of one regular expression on whole names (as `sourceName` gives them), by what the functions do. */
const CARRIERS: readonly string[] = [
  // Printing a report.
  '_*dump_stack\\w*|show_stack\\w*|dump_backtrace|unwind_backtrace|walk_stackframe|show_regs\\w*|show_trace_log_lvl|__show_regs|print_tainted',
  '_*panic|\\w+_panic|panic_\\w+|check_panic_on_warn|v?printk\\w*|_printk|dev_printk\\w*|dev_vprintk\\w*|_dev_\\w+',
  '_*warn\\w*|_*report_bug|fixup_bug|bug_handler|brk_handler|call_break_hook|do_debug_exception|handle_bug|assertfail|\\w+_assertfail|assfail|__bug_on\\w*|rust_helper_BUG|__rustc::rust_begin_unwind|rust_begin_unwind|core::(?:panicking|option|result|str|slice)::.*|__stack_chk_fail|schedule_debug|__schedule_bug',
  '_*kasan_\\w+|_*asan_\\w+|_*hwasan_\\w+|check_memory_region\\w*|check_region_inline|print_address_description|print_report|end_report|report_enabled|addr_has_metadata|memory_is_poisoned\\w*|quarantine_\\w+',
  '_*kmsan_\\w+|__msan_\\w+|_*kcsan_\\w+|__tsan_\\w+|_*ubsan_\\w+|_*kfence_\\w+|instrument_\\w+|__sanitizer_cov_\\w+|check_kcov_mode|canonicalize_ip',
  'save_stack\\w*|__save_stack\\w*|save_trace|stack_trace_(?:save|consume)\\w*|arch_stack_walk\\w*|stack_depot_\\w+|depot_\\w+|filter_irq_stacks',
  'lockdep_\\w+|_*lock_(?:acquire|release)\\w*|check_lock\\w*|check_(?:deadlock|noncircular|path|wait_context|prev_\\w+|prevs_\\w+|usage\\w*|irq_usage)|mark_lock\\w*|mark_held_locks|mark_usage|register_lock_class|look_up_lock_class|assign_lock_key|validate_chain|print_\\w*(?:bug|usage|dependency|deadlock)\\w*|debug_check_no_locks_\\w+|trace_\\w+irqs_\\w+|hlock_class|reacquire_held_locks|lock_is_held\\w*|find_held_lock|match_held_lock|static_obj',
  '_*might_(?:sleep|fault|resched|alloc)\\w*|__cant_\\w+|check_preemption_disabled|debug_smp_processor_id|__this_cpu_preempt_check|rcu_lockdep_\\w+|rcu_is_watching|should_fail\\w*|should_failslab|fail_dump|_*fault_in_(?:readable|writeable|iov_iter)\\w*',
  '_*usercopy_\\w+|_*check_object_size|_*check_heap_object|_*fortify_\\w+|_*refcount_\\w+|ref_tracker_\\w+|debug_object_\\w+|__debug_(?:check|object)\\w+|debug_print_object|debug_check_no_obj_\\w+|\\w+_is_static_object|debug_(?:timer|work|hrtimer|rcu)_\\w+',
  'perf_trace_\\w+|trace_event_(?:raw|buffer)_\\w+|__traceiter_\\w+|__bpf_trace_\\w+|__do_trace_\\w+',

  // Taking an exception.
  'die|_*die_\\w+|oops_\\w+|page_fault_oops|no_context|_*bad_area\\w*|bad_mode|bad_page_fault|spurious_\\w+|mm_fault_error|fixup_exception|arm_notify_die|kernelmode_fixup_or_oops',
  '_*do_page_fault|do_kern_addr_fault|handle_page_fault|_*do_kernel_fault|do_bad_area|do_translation_fault|do_tag_check_fault|do_tag_recovery|do_mem_abort|do_sea|do_DataAbort|do_PrefetchAbort|do_alignment\\w*|do_trap\\w*|do_error_trap|do_invalid_op|do_general_protection|do_divide_error|do_double_fault|do_sp_pc_abort|do_undefinstr|do_el[01]_\\w+',
  'invalid_op|general_protection|page_fault|async_page_fault|divide_error|double_fault|df_debug|math_error|stack_segment|interrupt_entry|(?:asm_)?(?:exc|sysvec)_\\w+|el1[ht]?_\\w+|program_check_\\w+|data_access_\\w+|idtentry\\w*|retint_\\w+|ret_from_exception|error_entry|handle_exception|(?:asm_)?common_interrupt\\w*|irqentry_\\w+|__x86_indirect_\\w+|(?:smp_)?apic_timer_interrupt|(?:smp_)?reschedule_interrupt|asm_call_\\w+',

  // Locks, waiting and waking.
  '_*raw_(?:spin|read|write)_\\w+|_*do_raw_\\w+|_*spin_\\w+|_*raw_callee_save\\w*|native_queued_\\w+|queued_(?:spin|read|write)_\\w+|_*pv_(?:queued|wait|kick|hash|unhash)\\w*|arch_spin_\\w+|rwlock_bug|_*(?:read|write)_(?:lock|unlock|trylock)\\w*|debug_(?:spin|write|read)_\\w+|\\w*rq_lock\\w*|bit_spin_\\w+',
  '_*mutex_\\w+|_*rwsem_\\w+|call_rwsem_\\w+|_*(?:down|up)(?:_(?:read|write|common|interruptible|killable|trylock|timeout|failed)\\w*)?|_*percpu_(?:down|up|rwsem)_\\w+|lock_sock\\w*|release_sock|lockref_\\w+|osq_\\w+|_*rt_?mutex_\\w+|_*rwbase_\\w+|rt_(?:spin|read|write)_\\w+|ww_mutex_\\w+|_*lock_page\\w*|_*folio_(?:lock|unlock|wait)\\w*|unlock_page|_*lock_buffer|reiserfs_write_(?:un)?lock\\w*|user_shm_(?:un)?lock|__down_trylock_console_sem',
  '__schedule|schedule|schedule_(?:timeout|preempt|hrtimeout|idle)\\w*|_*preempt_schedule\\w*|io_schedule\\w*|_*cond_resched\\w*|context_switch|_*switch_to\\w*|finish_task_switch|do_wait_for_common|_*wait_for_common\\w*|wait_for_completion\\w*|_*wait_on_(?:bit|page|buffer)\\w*|bit_wait\\w*|out_of_line_wait_\\w+|_*wake_up(?:_(?:common\\w*|sync\\w*|locked\\w*|bit|process|all|q|state|interruptible\\w*|pollfree|klogd|var))?|autoremove_wake_function|default_wake_function|prepare_to_wait\\w*|finish_wait|swake_up\\w*|complete(?:_all|_on_current_cpu)?',
  '_*rcu_read_\\w+|rcu_dereference_\\w+|_*local_(?:bh|irq)_\\w+|irq_(?:enter|exit)\\w*|arch_local_\\w+',

  // Doing what the caller asked: memory.
  '_*mem(?:cpy|set|move|cmp|chr|scan|dup)\\w*|_*str(?:n|r|l|s)?(?:len|cpy|cat|cmp|casecmp|chr|str|dup|sep|pbrk|spn|chrnul)\\w*|sized_strscpy|read_word_at_a_time|load_unaligned_zeropad|(?:copy|clear)_page(?:_(?:rep|erms|orig))?|_*clear_user|rep_\\w+|_*crc\\w*|sort|bsearch',
  '\\w*copy_(?:to|from|in)_(?:user|iter|kernel)(?:_(?:nofault|inatomic\\w*|atomic|full|nocache|flushcache|mcsafe))?|_*copy_user_\\w+|copyin|copyout\\w*|_*(?:get|put)_user\\w*|copy_(?:page|folio)_(?:to|from)_iter\\w*',
  '_*kv?z?free|kfree_\\w+|kvfree_\\w+|_*vfree\\w*|_*vunmap\\w*|_*kmem_cache_\\w+|_*slab_\\w+|_*kv?[mzc]alloc\\w*|_*do_kmalloc\\w*|_*krealloc\\w*|_*kmalloc_\\w+|_*cache_(?:alloc|free|grow)\\w*|fallback_alloc|new_slab\\w*|allocate_slab|_*v[mz]alloc\\w*|kstrdup\\w*|kmemdup\\w*|kvmemdup\\w*|v?memdup_\\w+|kv?asprintf\\w*|mempool_\\w+|discard_slab|_*free_slab',
  '_*alloc_(?:pages?|frozen_pages)\\w*|_*get_free_pages\\w*|get_zeroed_page|get_page_from_freelist|post_alloc_hook|prep_new_page|rmqueue\\w*|poison_\\w+|qlink_\\w+|bad_page|_*free_pages?(?:_prepare|_ok|_core)?|_*free_unref_\\w+|free_compound_page|free_large_kmalloc|destroy_large_folio|free_pcp\\w*|_*page_pool_alloc\\w*|folio_alloc\\w*|alloc_slab_page|page_frag_alloc\\w*',
  // Lists, trees, bits, counters, text.
  '_*list_(?:add|del|move|replace|splice|empty|cut|rotate|first|last|is_)\\w*|INIT_LIST_HEAD|_*hlist_\\w+|llist_\\w+|plist_\\w+|klist_\\w+|__rb_\\w+|rb_(?:erase|insert|first|last|next|prev|replace|link|find|add)\\w*|xas?_\\w+',
  '_*atomic(?:64|_long)?(?:_\\w+)?|(?:arch|raw)_atomic\\w*|_*(?:READ|WRITE|read|write)_[oO][nN][cC][eE]\\w*|_*(?:arch_)?(?:const_|variable_|constant_|generic_)?test_\\w*bit\\w*|_*(?:set|clear|change)_bit|test_and_\\w+|_*find_\\w*bit\\w*|__bitmap_\\w+|_*c?m?p?xchg\\w*|kref_\\w+|_*sw_hweight\\w*',
  'v?s?c?n?printf|string|string_nocheck|number|pointer|format_decode|widen_string|hex_string|bstr_printf|seq_v?printf|seq_put\\w*',
  // Timers, work, threads.
  '(?:try_to_)?del_(?:singleshot_)?timer\\w*|_*timer_(?:delete|shutdown)\\w*|_*mod_timer\\w*|add_timer\\w*|lock_timer_base|detach_if_pending|_*init_timer\\w*',
  '_*flush_work(?:queue)?\\w*|flush_delayed_work|_*cancel_(?:delayed_)?work\\w*|_*queue_(?:delayed_)?work\\w*|mod_delayed_work\\w*|insert_work|start_flush_work|try_to_grab_pending|kthread_(?:stop|park|unpark|flush|cancel)\\w*',
  'kvfree_call_rcu|get_\\w*task_struct|put_task_struct\\w*',
  // The driver core, sysfs and the reference counts of file systems.
  '_*kobject_(?!set_name)\\w+|add_uevent_var|sysfs_(?:create|remove)_\\w+|dpm_sysfs_\\w+|device_(?:add|del|register|unregister|destroy|release|initialize|for_each_child\\w*|create\\w*)|get_device|put_device|get_device_parent|devres_release_\\w+|release_nodes|bus_(?:add|remove|probe)_device|tty_unregister_device|hwrng_unregister|i2c_del_adapter|__unregister_client',
  'usb_(?:kill|poison|unlink|free|get|put)_urb|usb_kill_anchored_urbs|usb_hcd_(?:unlink|submit)_urb',
  'iput|_*dput|fast_dput|drop_nlink|inc_nlink|clear_nlink|set_nlink|mark_buffer_dirty\\w*|find_lock_entries|find_get_(?:entries|pages)\\w*|truncate_inode_pages\\w*|invalidate_(?:mapping|inode)_pages\\w*',
  // Networking: buffers and the end of devices.
  '_*kfree_skb\\w*|_*consume_skb|skb_(?:over|under)_panic|_*skb_(?:put|pull|push)(?:_data|_zero)?|rollback_registered\\w*|unregister_netdevice_(?:many|queue)\\w*',
  // Registers of devices.
  '_*raw_(?:read|write)[bwlq]|logic_(?:in|out)[bwl]|(?:read|write)[bwlq](?:_relaxed)?|io(?:read|write)(?:8|16|32|64)\\w*|(?:in|out)s?[bwl]',
];

const CARRIER = new RegExp(`^(?:${CARRIERS.join('|')})$`);

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
const DISPATCHERS =
  /^(?:call_timer_fn|expire_timers|tasklet_action\w*|__netif_receive_skb\w*|kthread|process_one_work|task_work_run|(?:__)?vfs_(?:read|write|ioctl|readv|writev|get_tree)|(?:__)?vfs_iter_\w+|new_sync_\w+|do_iter_\w+|call_\w+_iter|do_vfs_ioctl|(?:compat_)?SyS_ioctl|__fput|do_dentry_open|sock_sendmsg\w*|__sock_sendmsg|(?:__|do_sock_|__x64_)?(?:sys_)?setsockopt|__sys_setsockopt|do_sock_setsockopt|rtnetlink_rcv_msg|nfnetlink_rcv_\w+|legacy_get_tree|mount_fs|cpu_startup_entry|__do_softirq|handle_softirqs)$/;
/** sock_sendmsg() and the like are often inlined into these. */
const SENDERS = /^(?:_{2,4}sys_send\w+|___sys_sendmsg|sock_write_iter)$/;
/** Where system calls enter. */
const SYSCALL_ENTRIES =
  /^(?:do_syscall_\w+|x64_sys_call|do_int80_\w+|ia32_sys_call|(?:__)?do_fast_syscall_32|entry_\w+|invoke_syscall|el0_svc\w*|__sys_trace_return|ret_fast_syscall|system_call\w*|sysenter_dispatch|do_trap_ecall_u|tracesys\w*)$/;
const SYSCALL =
  /^(?:__\w+?_(?:compat_)?sys_|(?:compat_)?SyS_|SYSC_|compat_sys_|ksys_|__(?:do|se)_(?:compat_)?sys_|sys_)/;
/** An ioctl handler is a subsystem's entry, whichever layers pass it on; these are the layers. */
const IOCTL =
  /^(?!do_vfs_|vfs_|ksys_|sys_|sock_|inet6?_|dev_|do_|compat_|__se|__do|__x64|__ia32|__arm64|blkdev_|security_|SyS_)\w+_ioctl$/;
/** Threads and handlers that every stall report shows. */
const HOUSEKEEPING = /^(?:rcu_\w+|worker_thread|smpboot_thread_fn|tick_\w+|update_process_times)$/;

/** True when `name` is a subsystem's entry, to which `caller` handed the processor. */
export function isEntry(name: string, caller: string | undefined): boolean {
  if (HOUSEKEEPING.test(name) || DISPATCHERS.test(name)) return false;
  if (IOCTL.test(name)) return true;
  if (caller === undefined) return false;
  if (DISPATCHERS.test(caller)) return true;
  if (SENDERS.test(caller)) return /_sendmsg$/.test(name);
  return SYSCALL_ENTRIES.test(caller) && SYSCALL.test(name);
}

/** True for a function that allocates for its caller. */
export function allocates(name: string): boolean {
  return /alloc|^create_object|^kmemleak|^pcpu_|^idr_|^get_free/.test(name);
}

/** What a task waits with, for whatever reason. */
const WAITERS =
  /^(?:__wait_rcu_gp|rcu_barrier\w*|console_lock|console_trylock|wait_woken|filemap_fdatawait\w*|__filemap_fdatawait\w*|fdatawait_\w+|kthread_\w+|do_read_cache_\w+|usleep_\w+|msleep\w*|do_nanosleep)$/;

/** True for a function that waits for its caller. */
export function onlyWaits(name: string): boolean {
  return WAITERS.test(name);
}
