import type { Checks } from '../checks.ts';
import type { GuestTask } from './guest_task.ts';

/** How a task of `lab/guest/tasks.c` or `lab/module/lab_block.c` must be blocked, by its own kernel's word. */
interface Way {
  readonly name: string;
  /** Of 300 tasks so many. */
  readonly count: number;
  /** Letter of its state. */
  readonly state: string;
  /** A function that it must be in. */
  readonly in: RegExp;
}

function way(name: string, count: number, state: string, pattern: RegExp): Way {
  return { name, count, state, in: pattern };
}

/** What has no reason of its own to sleep pauses. */
const PAUSED = /^(__do_sys_pause|__x64_sys_pause)\+/m;
/** The dead have given theirs back. */
const NO_STACK = /^$/;

const WAYS: readonly Way[] = [
  way('b_futex', 6, 'S', /^futex_wait/m),
  way('b_semop', 6, 'S', /^(__)?do_semtimedop\+/m),
  way('b_flock', 5, 'S', /^__do_sys_flock\+|^__x64_sys_flock\+|^locks_lock_inode_wait\+/m),
  way('b_fcntl', 5, 'S', /^fcntl_setlk\+/m),
  way('b_sigwait', 6, 'S', /^do_sigtimedwait/m),
  way('b_pause', 6, 'S', PAUSED),
  way('b_pipe', 6, 'S', /pipe_read\+/m),
  way('b_pipe_full', 6, 'S', /pipe_write\+/m),
  way('b_fifo', 6, 'S', /^fifo_open\+/m),
  way('b_unix', 6, 'S', /^unix_stream_/m),
  way('b_datagram', 6, 'S', /^__skb_wait_for_more_packets\+/m),
  way('b_accept', 6, 'S', /^__skb_wait_for_more_packets\+/m),
  way('b_msgrcv', 6, 'S', /^do_msgrcv/m),
  way('b_mqueue', 6, 'S', /^do_mq_timedreceive\+|^wq_sleep/m),
  way('b_eventfd', 6, 'S', /^eventfd_read\+/m),
  way('b_signalfd', 6, 'S', /^signalfd_/m),
  way('b_inotify', 6, 'S', /^inotify_read\+/m),
  way('b_kmsg', 6, 'S', /^devkmsg_read\+/m),
  way('b_tty', 6, 'S', /^n_tty_read\+/m),
  way('b_poll', 6, 'S', /^do_sys_poll\+|^do_poll/m),
  way('b_select', 6, 'S', /^do_select\+/m),
  way('b_epoll', 6, 'S', /^do_epoll_wait\+|^ep_poll\+/m),
  way('b_uring', 6, 'S', /^(__do_sys_io_uring_enter|io_cqring_wait)\+/m),
  way('b_sleep', 6, 'S', /^hrtimer_nanosleep\+/m),
  way('b_sleep_until', 6, 'S', /^hrtimer_nanosleep\+/m),
  way('b_timerfd', 6, 'S', /^timerfd_read/m),
  way('b_wait', 6, 'S', /^do_wait\+/m),
  way('b_child', 6, 'S', PAUSED),
  way('b_vfork', 6, 'D', /^kernel_clone\+/m),
  way('b_vforked', 6, 'S', PAUSED),
  way('b_stop', 6, 'T', /^do_signal_stop\+/m),
  way('b_zombie', 6, 'Z', NO_STACK),
  way('b_traced', 6, 't', /^ptrace_stop/m),
  way('b_tracer', 6, 'S', PAUSED),
  way('f_thread', 12, 'S', /^futex_wait/m),
  way('p_thread', 12, 'S', PAUSED),
  way('b_leader', 6, 'Z', NO_STACK),
  way('b_user', 6, 'S', PAUSED),
  way('b_ns', 6, 'S', PAUSED),
  way('b_ns_child', 6, 'S', PAUSED),
  way('b_userns', 6, 'S', PAUSED),
  way('b_realtime', 6, 'S', PAUSED),
  way('b_batch', 6, 'S', PAUSED),
  way('odd \n\\)( é!', 6, 'S', PAUSED),
  way('b_memory', 6, 'S', PAUSED),
  way('b_fault', 6, 'S', /^handle_userfault\+.*^asm_exc_page_fault\+/ms),
  way('b_fault_kern', 6, 'S', /^handle_userfault\+.*^asm_exc_page_fault\+.*pipe_write\+/ms),
  way('b_disk', 5, 'D', /^(folio_wait|filemap_|do_read_cache_)/m),
  way('b_disk_server', 1, 'S', /^nbd_\w+\+.* \[nbd\]$/m),
  way('b_frozen', 6, 'D', /^(__)?percpu_(down_read|rwsem_wait)\+/m),
  way('b_mod_event', 6, 'S', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_forever', 6, 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_mutex', 6, 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_reader', 6, 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_writer', 6, 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('b_mod_complete', 6, 'D', /^lab_block_inner\+.* \[lab_block\]$/m),
  way('lab_owner', 1, 'D', /^lab_owner\+.* \[lab_block\]$/m),
  way('lab_reader/of_a_long_name', 1, 'D', /^lab_reader\+.* \[lab_block\]$/m),
  way('lab_middle', 1, 'D', /^lab_middle\+.* \[lab_block\]$/m),
  way('lab_left', 1, 'D', /^lab_deadlock\+.* \[lab_block\]$/m),
  way('lab_right', 1, 'D', /^lab_deadlock\+.* \[lab_block\]$/m),
  way('lab_spinner', 1, 'D', /^kthread\+/m),
  way('kthreadd', 1, 'S', /^kthreadd\+/m),
];

/** Every way must have its tasks, and each be blocked so; or the comparison would show less than it says. */
export function checkWays(tasks: readonly GuestTask[], checks: Checks): void {
  const byName = new Map<string, GuestTask[]>();
  for (const task of tasks) {
    const name = task.status.get('Name') ?? '';
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [task]);
    else same.push(task);
    checks.at('guest').lacks(name, /^x_.*/);
  }
  for (const { name, count, state, in: pattern } of WAYS) {
    const at = checks.at(`guest: ${name}`);
    const found = byName.get(name) ?? [];
    at.at('tasks').equal(found.length, count);
    for (const { stat, stack } of found) {
      at.equal(stat[3], state);
      at.matches(stack.join('\n'), pattern);
    }
  }
}
