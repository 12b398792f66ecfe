import type { Checks } from '../checks.ts';
import type { GuestTask } from './guest_task.ts';

/** How a task of `lab/guest/tasks.c` or `lab/module/lab_block.c` must be blocked, by its own kernel's word. */
interface Way {
  readonly name: string;
  /** Letter of its state. */
  readonly state: string;
  /** A function that it must be in. */
  readonly in: RegExp;
}

function way(name: string, state: string, pattern: RegExp): Way {
  return { name, state, in: pattern };
}

/** What has no reason of its own to sleep pauses. */
const PAUSED = /^(__do_sys_pause|__x64_sys_pause)\+/m;
/** The dead have given theirs back. */
const NO_STACK = /^$/;

const WAYS: readonly Way[] = [
  way('b_futex', 'S', /^futex_wait/m),
  way('b_semop', 'S', /^(__)?do_semtimedop\+/m),
  way('b_flock', 'S', /^__do_sys_flock\+|^__x64_sys_flock\+|^locks_lock_inode_wait\+/m),
  way('b_fcntl', 'S', /^fcntl_setlk\+/m),
  way('b_sigwait', 'S', /^do_sigtimedwait/m),
  way('b_pause', 'S', PAUSED),
  way('b_pipe', 'S', /pipe_read\+/m),
  way('b_pipe_full', 'S', /pipe_write\+/m),
  way('b_fifo', 'S', /^fifo_open\+/m),
  way('b_unix', 'S', /^unix_stream_/m),
  way('b_datagram', 'S', /^__skb_wait_for_more_packets\+/m),
  way('b_accept', 'S', /^__skb_wait_for_more_packets\+/m),
  way('b_msgrcv', 'S', /^do_msgrcv/m),
  way('b_mqueue', 'S', /^do_mq_timedreceive\+|^wq_sleep/m),
  way('b_eventfd', 'S', /^eventfd_read\+/m),
  way('b_signalfd', 'S', /^signalfd_/m),
  way('b_inotify', 'S', /^inotify_read\+/m),
  way('b_kmsg', 'S', /^devkmsg_read\+/m),
  way('b_tty', 'S', /^n_tty_read\+/m),
  way('b_poll', 'S', /^do_sys_poll\+|^do_poll/m),
  way('b_select', 'S', /^do_select\+/m),
  way('b_epoll', 'S', /^do_epoll_wait\+|^ep_poll\+/m),
  way('b_uring', 'S', /^(__do_sys_io_uring_enter|io_cqring_wait)\+/m),
  way('b_sleep', 'S', /^hrtimer_nanosleep\+/m),
  way('b_sleep_until', 'S', /^hrtimer_nanosleep\+/m),
  way('b_timerfd', 'S', /^timerfd_read/m),
  way('b_wait', 'S', /^do_wait\+/m),
  way('b_child', 'S', PAUSED),
  way('b_vfork', 'D', /^kernel_clone\+/m),
  way('b_vforked', 'S', PAUSED),
  way('b_stop', 'T', /^do_signal_stop\+/m),
  way('b_zombie', 'Z', NO_STACK),
  way('b_traced', 't', /^ptrace_stop/m),
  way('b_tracer', 'S', PAUSED),
  way('f_thread', 'S', /^futex_wait/m),
  way('p_thread', 'S', PAUSED),
  way('b_leader', 'Z', NO_STACK),
  way('b_user', 'S', PAUSED),
  way('b_ns', 'S', PAUSED),
  way('b_ns_child', 'S', PAUSED),
  way('b_userns', 'S', PAUSED),
  way('b_realtime', 'S', PAUSED),
  way('b_batch', 'S', PAUSED),
  way('odd \n\\)( é!', 'S', PAUSED),
  way('b_memory', 'S', PAUSED),
  way('b_fault', 'S', /^handle_userfault\+.*^asm_exc_page_fault\+/ms),
  way('b_fault_kern', 'S', /^handle_userfault\+.*^asm_exc_page_fault\+.*pipe_write\+/ms),
  way('b_disk', 'D', /^(folio_wait|filemap_|do_read_cache_)/m),
  way('b_disk_server', 'S', /^nbd_\w+\+.* \[nbd\]$/m),
  way('b_frozen', 'D', /^(__)?percpu_(down_read|rwsem_wait)\+/m),
  way('b_mod_event', 'S', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_forever', 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_mutex', 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_reader', 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_writer', 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_complete', 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('lab_owner', 'D', /^lab_owner\+.* \[lab_block\]$/m),
  way('lab_reader/of_a_long_name', 'D', /^lab_reader\+.* \[lab_block\]$/m),
  way('lab_middle', 'D', /^lab_middle\+.* \[lab_block\]$/m),
  way('lab_left', 'D', /^lab_deadlock\+.* \[lab_block\]$/m),
  way('lab_right', 'D', /^lab_deadlock\+.* \[lab_block\]$/m),
  way('lab_spinner', 'D', /^kthread\+/m),
  way('kthreadd', 'S', /^kthreadd\+/m),
];

/** Every way must have tasks, and each of them be blocked so; or the comparison would show less than it says. */
export function checkWays(tasks: readonly GuestTask[], checks: Checks): void {
  const byName = new Map<string, GuestTask[]>();
  for (const task of tasks) {
    const name = task.status.get('Name') ?? '';
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [task]);
    else same.push(task);
    checks.at('guest').lacks(name, /^x_.*/);
  }
  for (const { name, state, in: pattern } of WAYS) {
    const at = checks.at(`guest: ${name}`);
    const found = byName.get(name) ?? [];
    at.that(found.length > 0, 'a task', 'none');
    for (const { stat, stack } of found) {
      at.equal(stat[3], state);
      at.matches(stack.join('\n'), pattern);
    }
  }
}
