// Blocks tasks in every way that user space has, for the lab's oracle scenarios:
//   tasks block COUNT    starts COUNT processes, one way after the other, and returns when all had time to block
//   tasks spin CPU...    keeps a CPU busy each, by turns in user mode and in a system call
//   tasks threads COUNT  starts COUNT threads in ten processes
// A task is named after its way. One that could not block so is renamed to x_…, which the check complains of.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tasks.h"

int futex_word;

void call_me(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

void forever(void)
{
	for (;;)
		pause();
}

void read_one(int file)
{
	char byte;

	if (read(file, &byte, 1) < 0)
		return;
}

static const struct way {
	const char *name;
	void (*block)(void);
} ways[] = {
	{ "b_futex", futex_shared },	{ "b_semop", semaphore },	{ "b_flock", file_lock },
	{ "b_fcntl", record_lock },	{ "b_sigwait", signal_wait },	{ "b_pause", forever },
	{ "b_pipe", pipe_empty },	{ "b_pipe_full", pipe_full },	{ "b_fifo", fifo_open },
	{ "b_unix", unix_stream },	{ "b_datagram", unix_datagram },	{ "b_accept", unix_accept },
	{ "b_msgrcv", message_queue },	{ "b_mqueue", posix_queue },	{ "b_eventfd", event_read },
	{ "b_signalfd", signal_read },	{ "b_inotify", inotify_read },	{ "b_kmsg", log_read },
	{ "b_tty", terminal_read },	{ "b_poll", poll_one },		{ "b_select", select_none },
	{ "b_epoll", epoll_one },	{ "b_uring", uring_wait },	{ "b_sleep", sleep_long },
	{ "b_sleep_until", sleep_until },	{ "b_timerfd", timer_read },	{ "b_wait", wait_child },
	{ "b_vfork", vfork_child },	{ "b_stop", stopped },		{ "b_zombie", zombie },
	{ "b_traced", traced },		{ "b_threads", threads },	{ "b_leader", leader_left },
	{ "b_user", other_user },	{ "b_ns", namespaces },		{ "b_userns", user_namespace },
	{ "b_realtime", real_time },	{ "b_batch", batch },		{ "b_odd", odd_name },
	{ "b_memory", memory },		{ "b_fault", page_fault },	{ "b_fault_kern", kernel_fault },
	{ "b_disk", disk_read },	{ "b_frozen", frozen },		{ "b_mod_event", module_event },
	{ "b_mod_forever", module_forever },	{ "b_mod_mutex", module_mutex },	{ "b_mod_reader", module_reader },
	{ "b_mod_writer", module_writer },	{ "b_mod_complete", module_completion },
};

enum { WAYS = sizeof ways / sizeof ways[0] };

static void block(int count)
{
	for (int i = 0; i < count; i++) {
		const struct way *way = &ways[i % WAYS];
		char failed[16];

		if (fork() != 0)
			continue;
		setsid();
		call_me(way->name);
		way->block();
		snprintf(failed, sizeof failed, "x_%s", way->name + 2);
		call_me(failed);
		forever();
	}
	sleep(4);
}

static void spin(int cpu, int in_kernel)
{
	cpu_set_t set;

	if (fork() != 0)
		return;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	call_me(in_kernel ? "spin_kernel" : "spin_user");
	setpriority(PRIO_PROCESS, 0, 19);
	if (sched_setaffinity(0, sizeof set, &set) == 0) {
		int zero = open("/dev/zero", O_RDONLY);
		char *bytes = malloc(1 << 20);

		while (!in_kernel || read(zero, bytes, 1 << 20) > 0)
			;
	}
	call_me("x_spin");
	forever();
}

static void many_threads(int count)
{
	pthread_attr_t small;
	pthread_t made;

	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 16384);
	for (int process = 0; process < 10; process++) {
		if (fork() != 0)
			continue;
		call_me("many");
		for (int i = 1; i < count / 10; i++)
			if (pthread_create(&made, &small, thread, i & 1 ? "f_many" : "p_many"))
				call_me("x_many");
		forever();
	}
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "block") == 0)
		block(atoi(argv[2]));
	else if (argc == 3 && strcmp(argv[1], "threads") == 0)
		many_threads(atoi(argv[2]));
	else if (argc > 2 && strcmp(argv[1], "spin") == 0)
		for (int i = 2; i < argc; i++)
			spin(atoi(argv[i]), i % 2);
	else
		return 2;
	return 0;
}
