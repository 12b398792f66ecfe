/**
 * Which functions of a stack are not where a crash happened: those that print the report, those that the
 * processor or the kernel enters by itself, and those that only do for their caller what it asked.
 */

/** Alternatives of one regular expression on whole names (as `sourceName` gives them), by what the functions do. */
const CARRIERS: readonly string[] = [
  // Printing a report.
  '_*dump_stack\\w*|show_stack\\w*|dump_backtrace|unwind_backtrace|walk_stackframe|show_regs\\w*|show_trace_log_lvl|__show_regs|print_tainted',
  '_*panic|\\w+_panic|panic_\\w+|check_panic_on_warn|nmi_panic|v?printk\\w*|_printk|dev_printk\\w*|dev_vprintk\\w*|_dev_\\w+',
  '_*warn\\w*|_?report_bug|__report_bug|fixup_bug|bug_handler|brk_handler|call_break_hook|do_debug_exception|handle_bug|assertfail|btrfs_assertfail|__bug_on\\w*|rust_helper_BUG|__stack_chk_fail|schedule_debug|__schedule_bug',
  '_*kasan_\\w+|__?_?asan_\\w+|__hwasan_\\w+|hwasan_\\w+|check_memory_region\\w*|check_region_inline|print_address_description|print_report|end_report|report_enabled|addr_has_metadata|memory_is_poisoned\\w*|quarantine_\\w+',
  '_*kmsan_\\w+|__msan_\\w+|_*kcsan_\\w+|__tsan_\\w+|_*ubsan_\\w+|_*kfence_\\w+|instrument_\\w+|__sanitizer_cov_\\w+|check_kcov_mode|canonicalize_ip|in_task',
  'save_stack\\w*|__save_stack\\w*|save_trace|stack_trace_\\w+|arch_stack_walk\\w*|unwind_\\w+|stack_depot_\\w+|depot_\\w+|filter_irq_stacks',
  'lockdep_\\w+|_*lock_acquire\\w*|_*lock_release\\w*|__lock_\\w+|check_\\w*lock\\w*|check_\\w*deadlock\\w*|mark_lock\\w*|mark_held_locks|mark_usage|register_lock_class|look_up_lock_class|assign_lock_key|validate_chain|check_prev\\w*|check_prevs\\w*|check_noncircular|check_usage\\w*|check_irq_usage|print_\\w*(?:bug|usage|dependency)\\w*|debug_check_no_locks_\\w+|trace_\\w+irqs_\\w+|hlock_class|check_wait_context|reacquire_held_locks|__bad_unlock\\w*|lock_is_held\\w*|find_held_lock|match_held_lock|is_static_lock\\w*|static_obj',
  '_*might_(?:sleep|fault|resched|alloc)\\w*|__cant_\\w+|check_preemption_disabled|debug_smp_processor_id|__this_cpu_preempt_check|rcu_lockdep_\\w+|rcu_is_watching|should_fail\\w*|should_failslab|__should_\\w+|fail_dump|_*fault_in\\w*',
  '_*usercopy_\\w+|_*check_object_size|_*check_heap_object|_*fortify_\\w+|_*refcount_\\w+|ref_tracker_\\w+|debug_object_\\w+|__debug_\\w+|debug_print_object|debug_check_no_obj_\\w+|\\w+_is_static_object|debug_(?:timer|work|hrtimer|rcu)_\\w+',
  'perf_trace_\\w+|perf_tp_event\\w*|perf_swevent_\\w+|trace_event_\\w+|__traceiter_\\w+|__bpf_trace_\\w+|__do_trace_\\w+',

  // Taking an exception.
  'die|_*die_\\w+|oops_\\w+|page_fault_oops|no_context|_*bad_area\\w*|bad_mode|bad_page_fault|spurious_\\w+|mm_fault_error|fixup_exception|die_kernel_fault|arm_notify_die|kernelmode_fixup_or_oops',
  '_*do_page_fault|do_user_addr_fault|do_kern_addr_fault|handle_page_fault|_*do_kernel_fault|do_bad_area|do_translation_fault|do_tag_check_fault|do_tag_recovery|do_mem_abort|do_sea|do_DataAbort|do_PrefetchAbort|do_alignment\\w*|do_trap\\w*|do_error_trap|do_invalid_op|do_general_protection|do_divide_error|do_double_fault|do_sp_pc_abort|do_undefinstr|do_undefinstr|do_el1_undef|do_el0_undef',
  'invalid_op|general_protection|page_fault|async_page_fault|divide_error|double_fault|df_debug|math_error|stack_segment|interrupt_entry|(?:asm_)?exc_\\w+|(?:asm_)?sysvec_\\w+|el1_\\w+|el1h_\\w+|el1t_\\w+|program_check_\\w+|data_access_\\w+|idtentry\\w*|retint_\\w+|ret_from_exception|error_entry|handle_exception|asm_common_interrupt|common_interrupt\\w*|irqentry_\\w+|__x86_indirect_\\w+|apic_timer_interrupt|smp_apic_timer_interrupt|reschedule_interrupt|asm_call_\\w+',

  // Locks, waiting and waking.
  '_*raw_(?:spin|read|write)_\\w+|_*do_raw_\\w+|_*spin_(?:lock|unlock|trylock|bug|dump)\\w*|spin_\\w+|_*raw_callee_save\\w*|native_queued_\\w+|queued_\\w+|_*pv_\\w+|arch_spin_\\w+|rwlock_bug|read_(?:lock|unlock)\\w*|write_(?:lock|unlock)\\w*|debug_(?:spin|write|read)_\\w+|ticket_\\w+|\\w*rq_lock\\w*|_*bit_spin_\\w+',
  '_*mutex_\\w+|_*rwsem_\\w+|call_rwsem_\\w+|_*(?:down|up)(?:_\\w+)?|_*percpu_(?:down|up|rwsem)_\\w+|lock_sock\\w*|release_sock|lockref_\\w+|osq_\\w+|_*rt_?mutex_\\w+|_*rwbase_\\w+|rt_(?:spin|read|write)_\\w+|ww_mutex_\\w+|seqlock_\\w+|_*lock_page\\w*|_*folio_lock\\w*|folio_unlock|unlock_page|folio_wait_\\w+|lock_buffer|__lock_buffer|reiserfs_write_(?:un)?lock\\w*|user_shm_(?:un)?lock|__down_trylock_console_sem|kernfs_\\w*mutex\\w*',
  '__schedule|schedule|schedule_(?:timeout|preempt|hrtimeout|idle)\\w*|preempt_schedule\\w*|_*preempt_schedule\\w*|io_schedule\\w*|_*cond_resched\\w*|context_switch|_*switch_to\\w*|finish_task_switch|_*wait_(?:for|on)_\\w+|do_wait_for_common|wait_\\w+|_*bit_wait\\w*|out_of_line_wait_\\w+|_*wake_up(?:_(?:common\\w*|sync\\w*|locked\\w*|bit|process|all|q|state|interruptible\\w*|pollfree|klogd|var))?|autoremove_wake_function|default_wake_function|try_to_wake_up|prepare_to_wait\\w*|finish_wait|swake_up\\w*|complete(?:_all|_on_current_cpu)?|swait_\\w+|try_invoke_on_\\w+',
  'rcu_(?:read|dereference)_\\w+|_*rcu_read_\\w+|_*local_(?:bh|irq)_\\w+|irq_(?:enter|exit)\\w*|arch_local_\\w+|_*kprobes_\\w+',

  // Doing what the caller asked: memory.
  '_*mem(?:cpy|set|move|cmp|chr|scan|dup)\\w*|_*str(?:n|r|l|s)?(?:len|cpy|cat|cmp|casecmp|chr|str|dup|sep|pbrk|spn|nul|rchr|rstr|chrnul|scpy|lcpy|lcat|icmp)\\w*|sized_strscpy|read_word_at_a_time|load_unaligned_zeropad|copy_page\\w*|clear_page\\w*|clear_user\\w*|__clear_user|rep_\\w+|_*crc\\w*|chksum_\\w+|sort|bsearch',
  '\\w*copy_(?:to|from|in)_(?:user|iter|kernel)\\w*|_*copy_user_\\w+|copyin|copyout|copyout\\w*|raw_copy_\\w+|_*(?:get|put)_user\\w*|iov_iter_\\w+|_*copy_\\w*_iter|copy_page_to_iter\\w*|copy_folio_\\w+|csum_and_\\w+|csum_partial\\w*|do_csum',
  '_*kv?[mzc]?free\\w*|kfree\\w*|_*vfree\\w*|_*vunmap\\w*|vm_unmap_\\w+|_*kmem_cache_\\w+|_*slab_\\w+|_*kv?[mzc]alloc\\w*|_*do_kmalloc\\w*|_*krealloc\\w*|kmalloc\\w*|_*kmalloc_\\w+|_*cache_(?:alloc|free|grow)\\w*|fallback_alloc|do_slab_free|new_slab\\w*|allocate_slab|free_large_kmalloc|_*v[mz]alloc\\w*|kstrdup\\w*|kmemdup\\w*|kvmemdup\\w*|v?memdup_\\w+|kasprintf|kvasprintf\\w*|mempool_\\w+|dma_pool_\\w+|kmalloc_slab|kasan_quarantine\\w*|discard_slab|free_slab|_*free_slab',
  '_*alloc_(?:pages?|frozen_pages)\\w*|_*get_free_pages\\w*|get_zeroed_page|get_page_from_freelist|post_alloc_hook|prep_new_page|prep_compound_\\w+|rmqueue\\w*|warn_alloc|poison_\\w+|qlink_\\w+|bad_page|free_(?:unref_)?pages?\\w*|_*free_pages_\\w+|free_pcp\\w*|check_free_page\\w*|_*page_pool_(?!recycle)\\w*|folio_alloc\\w*|alloc_buddy\\w*|alloc_slab_page|alloc_migrate\\w*|vma_alloc_\\w+|page_frag_\\w+|__page_frag\\w*',
  // Lists, trees, bits, counters, text.
  '_*h?list_\\w+|INIT_LIST_HEAD|hlist_\\w+|llist_\\w+|plist_\\w+|klist_\\w+|_*rb_\\w+|_*xas?_\\w+|_*radix_tree_\\w+|idr_\\w+|ida_\\w+|interval_tree_\\w+|mas_\\w+|_*rht_\\w+|assoc_array_\\w+',
  '_*atomic(?:64|_long)?(?:_\\w+)?|(?:arch|raw)_atomic\\w*|_*(?:READ|WRITE|read|write)_[oO][nN][cC][eE]\\w*|_*atomic_dec_and_\\w+|_*(?:arch_)?(?:const_|variable_|constant_|generic_)?test_\\w*bit\\w*|_*(?:set|clear|change)_bit\\w*|test_and_\\w+|_*find_\\w*bit\\w*|bitmap_\\w+|_*xchg\\w*|_*cmpxchg\\w*|percpu_ref_\\w+|percpu_counter_\\w+|_*percpu_counter_\\w+|kref_\\w+|csd_lock\\w*|hweight\\w*|_*sw_hweight\\w*',
  'v?s?c?n?printf|vsn?printf|vscnprintf|snprintf|scnprintf|sprintf|string|string_nocheck|number|pointer|format_decode|widen_string|hex_string|bstr_printf|seq_v?printf|seq_put\\w*',
  // Timers, work, threads.
  '(?:try_to_)?del_(?:singleshot_)?timer\\w*|_*timer_(?:delete|shutdown)\\w*|_*mod_timer\\w*|add_timer\\w*|lock_timer_base|detach_if_pending|detach_timer|hrtimer_(?:start|cancel|try_to_cancel|init|reprogram)\\w*|_*init_timer\\w*|init_timer_\\w+|timer_fixup_\\w+',
  '_*flush_work\\w*|flush_workqueue\\w*|_*flush_workqueue|flush_delayed_work|drain_workqueue|destroy_workqueue|_*cancel_(?:delayed_)?work\\w*|_*queue_(?:delayed_)?work\\w*|mod_delayed_work\\w*|insert_work|schedule_work\\w*|start_flush_work|try_to_grab_pending|kthread_(?:stop|park|unpark|flush_work\\w*|cancel_\\w+|queue_\\w+|bind)\\w*|task_work_add',
  'call_rcu_\\w+|kvfree_call_rcu|_*call_srcu|get_\\w*task_struct|put_task_struct\\w*|rcu_segcblist_\\w+',
  // The driver core, sysfs and reference counting of the file systems.
  '_*kobject_\\w+|kset_\\w+|add_uevent_var|sysfs_\\w+|dpm_\\w+|_*device_(?:add|del|register|unregister|create|destroy|release|initialize|remove|attach|for_each)\\w*|get_device|put_device|get_device_parent|hwrng_unregister|devres_\\w+|release_nodes|devm_\\w+|bus_(?:add|remove|probe|for_each)\\w*|class_\\w+|tty_(?:un)?register_device\\w*|i2c_del_adapter|__unregister_client|i2c_unregister_device|cdev_(?:add|del|put|get|default_release)\\w*',
  'usb_(?:kill|poison|unlink|free|get|put)_urb|usb_kill_anchored_urbs|usb_hcd_(?:unlink|submit)_urb|usb_(?:alloc|free)_coherent|usb_get_(?:dev|intf)|usb_put_(?:dev|intf)',
  'iput|iput_final|_*dput|dput_to_list|fast_dput|lockref_put\\w*|drop_nlink|inc_nlink|clear_nlink|set_nlink|ihold|fput|mark_buffer_\\w+|_*brelse|put_page|_*put_page|folio_put\\w*|mntput\\w*|find_lock_entries|find_get_\\w+|truncate_inode_pages\\w*|invalidate_(?:mapping|inode)_pages\\w*|dget|igrab',
  // Networking: buffers and the life of devices.
  'k?free_skb\\w*|_*kfree_skb\\w*|consume_skb|skb_(?:release|over|under|push|put|pull|panic|unref|free)\\w*|_*skb_(?:put|pull|push)\\w*|_*pskb_\\w+|rollback_registered\\w*|unregister_netdevice_many\\w*|unregister_netdevice_queue|dev_(?:get|put|hold)\\w*|netdev_(?:put|hold|tracker)\\w*|nla_\\w+',
  // Registers of devices.
  '_*raw_(?:read|write)[bwlq]|logic_(?:in|out)[bwl]|_*(?:read|write)[bwlq](?:_relaxed)?|io(?:read|write)(?:8|16|32|64)\\w*|(?:in|out)s?[bwl]|_*(?:in|out)[bwl]',
];

const CARRIER = new RegExp(`^(?:${CARRIERS.join('|')})$`);

/** Suffixes that the compiler adds to a function it split, cloned or renamed. */
const SUFFIX =
  /(?:\.(?:isra|constprop|part|cold|lto_priv|llvm|unlikely|__uniq|localalias|clone|suspend|resume)(?:\.\d+)*)+$|\.\d+$/;

/** A function's name as the source has it. */
export function sourceName(symbol: string): string {
  return symbol.replace(SUFFIX, '');
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
  /^(?:call_timer_fn|expire_timers|tasklet_action\w*|__netif_receive_skb\w*|kthread|process_one_work|task_work_run|(?:__)?vfs_(?:read|write|ioctl|readv|writev|get_tree)|(?:__)?vfs_iter_\w+|new_sync_\w+|do_iter_\w+|call_\w+_iter|do_vfs_ioctl|(?:compat_)?SyS_ioctl|__fput|do_dentry_open|sock_sendmsg\w*|__sock_sendmsg|(?:__|do_sock_|__x64_)?(?:sys_)?setsockopt|__sys_setsockopt|do_sock_setsockopt|rtnetlink_rcv_msg|nfnetlink_rcv_\w+|legacy_get_tree|mount_fs)$/;
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
  /^(?:__wait_rcu_gp|rcu_barrier\w*|console_lock|console_trylock|filemap_fdatawait\w*|__filemap_fdatawait\w*|fdatawait_\w+|kthread_\w+|lock_mount|do_read_cache_\w+|usleep_\w+|msleep\w*|do_nanosleep)$/;

/** True for a function that waits for its caller. */
export function onlyWaits(name: string): boolean {
  return WAITERS.test(name);
}
