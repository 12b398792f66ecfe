/* Ways to block, and what they share. Each returns only where it could not block. */

extern int futex_word;

/** Names the task. */
void call_me(const char *name);
void forever(void);
/** Reads a byte, whatever comes of it. */
void read_one(int file);
/** Body of a thread of that name: one that begins with f waits for a futex, others pause. */
void *thread(void *name);

/* ways_waiting.c */
void futex_shared(void);
void semaphore(void);
void file_lock(void);
void record_lock(void);
void signal_wait(void);
void pipe_empty(void);
void pipe_full(void);
void fifo_open(void);
void unix_stream(void);
void unix_datagram(void);
void unix_accept(void);
void message_queue(void);
void posix_queue(void);
void event_read(void);
void signal_read(void);
void inotify_read(void);
void log_read(void);
void terminal_read(void);
void poll_one(void);
void select_none(void);
void epoll_one(void);
void uring_wait(void);
void sleep_long(void);
void sleep_until(void);
void timer_read(void);

/* ways_tasks.c */
void wait_child(void);
void vfork_child(void);
void stopped(void);
void zombie(void);
void traced(void);
void threads(void);
void leader_left(void);
void other_user(void);
void namespaces(void);
void user_namespace(void);
void real_time(void);
void batch(void);
void odd_name(void);
void memory(void);
void page_fault(void);
void kernel_fault(void);
void disk_read(void);
void frozen(void);
void module_event(void);
void module_forever(void);
void module_mutex(void);
void module_reader(void);
void module_writer(void);
void module_completion(void);
