// Waiting for other processes, for bytes and for time. See tasks.c.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/io_uring.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tasks.h"

/* Locks and signals between processes. */

void futex_shared(void)
{
	syscall(SYS_futex, &futex_word, FUTEX_WAIT, 0, NULL, NULL, 0);
}

void semaphore(void)
{
	struct sembuf down = { 0, -1, 0 };

	semop(semget(IPC_PRIVATE, 1, 0600), &down, 1);
}

void file_lock(void)
{
	if (flock(open("/tmp/flock", O_RDWR | O_CREAT, 0600), LOCK_EX) != 0)
		return;
	call_me("b_flock_owner");
	forever();
}

void record_lock(void)
{
	struct flock whole = { .l_type = F_WRLCK };

	if (fcntl(open("/tmp/fcntl", O_RDWR | O_CREAT, 0600), F_SETLKW, &whole) != 0)
		return;
	call_me("b_fcntl_owner");
	forever();
}

void signal_wait(void)
{
	sigset_t set;
	int signal;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigwait(&set, &signal);
}

/* Bytes that do not come. */

void pipe_empty(void)
{
	int ends[2];

	if (pipe(ends) == 0)
		read_one(ends[0]);
}

void pipe_full(void)
{
	static char bytes[1 << 17];
	int ends[2];

	if (pipe(ends) == 0 && write(ends[1], bytes, sizeof bytes) < 0)
		return;
}

void fifo_open(void)
{
	mkfifo("/tmp/fifo", 0600);
	read_one(open("/tmp/fifo", O_RDONLY));
}

void unix_stream(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0)
		read_one(ends[0]);
}

void unix_datagram(void)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends) == 0)
		read_one(ends[0]);
}

void unix_accept(void)
{
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	sprintf(name.sun_path + 1, "lab-%d", getpid());
	if (bind(listener, (struct sockaddr *)&name, sizeof name) == 0 && listen(listener, 1) == 0)
		accept(listener, NULL, NULL);
}

void message_queue(void)
{
	char message[64];

	msgrcv(msgget(IPC_PRIVATE, 0600), message, 8, 0, 0);
}

void posix_queue(void)
{
	struct mq_attr sizes = { .mq_maxmsg = 1, .mq_msgsize = 8 };
	char name[32], message[8];

	sprintf(name, "/lab-%d", getpid());
	mq_receive(mq_open(name, O_RDONLY | O_CREAT, 0600, &sizes), message, sizeof message, NULL);
}

void event_read(void)
{
	uint64_t count;

	if (read(eventfd(0, 0), &count, sizeof count) < 0)
		return;
}

void signal_read(void)
{
	struct signalfd_siginfo info;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	if (read(signalfd(-1, &set, 0), &info, sizeof info) < 0)
		return;
}

void inotify_read(void)
{
	char event[512];
	int file = inotify_init();

	inotify_add_watch(file, "/boot", IN_CREATE);
	if (read(file, event, sizeof event) < 0)
		return;
}

void log_read(void)
{
	char record[9000];
	int file = open("/dev/kmsg", O_RDONLY);

	lseek(file, 0, SEEK_END);
	while (file >= 0 && read(file, record, sizeof record) > 0)
		;
}

void terminal_read(void)
{
	read_one(open("/dev/ttyS0", O_RDONLY));
}

void poll_one(void)
{
	struct pollfd event = { eventfd(0, 0), POLLIN, 0 };

	poll(&event, 1, -1);
}

void select_none(void)
{
	select(0, NULL, NULL, NULL, NULL);
}

void epoll_one(void)
{
	int set = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };

	epoll_ctl(set, EPOLL_CTL_ADD, eventfd(0, 0), &event);
	epoll_wait(set, &event, 1, -1);
}

void uring_wait(void)
{
	struct io_uring_params parameters = { 0 };
	int ring = syscall(SYS_io_uring_setup, 4, &parameters);

	syscall(SYS_io_uring_enter, ring, 0, 1, IORING_ENTER_GETEVENTS, NULL, 0);
}

/* Time. */

void sleep_long(void)
{
	struct timespec time = { 100000, 0 };

	nanosleep(&time, NULL);
}

void sleep_until(void)
{
	struct timespec time = { 4000000000, 0 };

	clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &time, NULL);
}

void timer_read(void)
{
	struct itimerspec when = { .it_value = { 100000, 0 } };
	int timer = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t count;

	timerfd_settime(timer, 0, &when, NULL);
	if (read(timer, &count, sizeof count) < 0)
		return;
}
