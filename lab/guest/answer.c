// Writes down what the kernel says of itself, and crashes it at once:
//   answer FILE all|brief CPU PATH...
// FILE gets for every task its status, stat and stack, with `all` also its name, command line and namespaces, and
// then each PATH. Each as `@PATH LENGTH`, its bytes and an empty line; a link's bytes are what it points at; a
// negative length is an errno. Then /proc/lab_block is told to spin on CPU, unless that is `none`.
//
// What runs between an answer and the crash makes the answer worthless. So FILE has its blocks before and is
// written around the page cache; and tasks that ran meanwhile, as their status tells, are asked again until none
// did. A later answer of a path takes the place of an earlier one.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 24 << 20, BLOCK = 4096, PIECE = 1 << 16, MOST_TASKS = 1 << 14, ROUNDS = 5 };

static _Alignas(BLOCK) char room[ROOM];
static size_t used;
/* What is read from one file. */
static char bytes[ROOM];
static int brief;

/* The tasks that were asked, and how often each had run. A kernel thread has no memory, nor has what has exited. */
static struct task {
	int process;
	int thread;
	int has_memory;
	unsigned long switches;
} tasks[MOST_TASKS];
static size_t count;

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void add(const char *path, const char *what, long length)
{
	size_t size = length > 0 ? length : 0;

	if (used + size + 512 > ROOM) {
		errno = EFBIG;
		give_up(path);
	}
	used += sprintf(room + used, "@%s %ld\n", path, length);
	memcpy(room + used, what, size);
	used += size;
	room[used++] = '\n';
}

/* Adds what a link points at: those in /proc/PID/ns lead to no file that could be read. */
static void add_link(const char *path)
{
	char target[256];
	long length = readlink(path, target, sizeof target);

	add(path, target, length < 0 ? -errno : length);
}

static void add_file(const char *path)
{
	long length = 0, got = 0;
	/* /dev/kmsg gives a record at a time, and would wait for the next. */
	int file = open(path, O_RDONLY | O_NONBLOCK);

	/* The kernel makes room for as much of a setting as is asked for. */
	if (file >= 0)
		while (length + PIECE <= ROOM && (got = read(file, bytes + length, PIECE)) > 0)
			length += got;
	if ((file < 0 || got < 0) && length == 0)
		length = -errno;
	if (file >= 0)
		close(file);
	add(path, bytes, length);
}

static void add_path(const char *path)
{
	if (strstr(path, "/ns/") != NULL)
		add_link(path);
	else
		add_file(path);
}

/* Looks at a task's status: both counts of switches, which end it, as one number, and whether it has memory. */
static void look(struct task *task)
{
	static const char line[] = "\nvoluntary_ctxt_switches:";
	char path[64], status[4096], *found;
	unsigned long voluntary = 0, other = 0;
	ssize_t length;
	int file;

	snprintf(path, sizeof path, "/proc/%d/task/%d/status", task->process, task->thread);
	file = open(path, O_RDONLY);
	length = file < 0 ? -1 : read(file, status, sizeof status - 1);
	if (file >= 0)
		close(file);
	status[length < 0 ? 0 : length] = 0;
	found = strstr(status, line);
	if (found != NULL)
		sscanf(found + 1, "voluntary_ctxt_switches: %lu nonvoluntary_ctxt_switches: %lu", &voluntary, &other);
	task->switches = voluntary << 32 | other;
	task->has_memory = strstr(status, "\nVmSize:") != NULL;
}

static void add_task(int process, int thread, size_t files)
{
	/* status first: what happens later is then seen to be later. */
	static const char *const names[] = { "status", "stat", "stack", "comm", "cmdline", "ns/cgroup", "ns/ipc",
		"ns/mnt", "ns/net", "ns/pid", "ns/pid_for_children", "ns/time", "ns/time_for_children",
		"ns/user", "ns/uts" };
	char path[64];

	if (files > sizeof names / sizeof names[0])
		files = sizeof names / sizeof names[0];
	for (size_t i = 0; i < files; i++) {
		snprintf(path, sizeof path, "/proc/%d/task/%d/%s", process, thread, names[i]);
		add_path(path);
	}
}

static void find_threads(int process)
{
	char path[64];
	struct dirent *thread;
	DIR *folder;

	snprintf(path, sizeof path, "/proc/%d/task", process);
	folder = opendir(path);
	while (folder != NULL && (thread = readdir(folder)) != NULL && count < MOST_TASKS) {
		if (thread->d_name[0] == '.')
			continue;
		tasks[count].process = process;
		tasks[count].thread = atoi(thread->d_name);
		count++;
	}
	if (folder != NULL)
		closedir(folder);
}

static void find_tasks(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *process;

	while (proc != NULL && (process = readdir(proc)) != NULL)
		if (process->d_name[0] >= '1' && process->d_name[0] <= '9')
			find_threads(atoi(process->d_name));
}

static void add_tasks(void)
{
	for (size_t i = 0; i < count; i++) {
		look(&tasks[i]);
		add_task(tasks[i].process, tasks[i].thread, brief ? 3 : -1);
	}
}

/*
 * Asks those again that ran since; returns how many those were, this program apart. In a hurry it looks only at
 * those without memory: kernel threads, which wake up by themselves.
 */
static size_t add_moved_tasks(int hurry)
{
	size_t moved = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned long before = tasks[i].switches;

		if (tasks[i].thread == getpid() || (hurry && tasks[i].has_memory))
			continue;
		look(&tasks[i]);
		if (tasks[i].switches == before)
			continue;
		add_task(tasks[i].process, tasks[i].thread, 3);
		moved++;
	}
	return moved;
}

static int file_with_blocks(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	memset(room, 0, ROOM);
	if (file < 0 || write(file, room, ROOM) != ROOM)
		give_up(path);
	/* The whole file system: the crash may come when half of what describes FILE is on the disk. */
	if (syncfs(file) != 0)
		give_up(path);
	/* Writing around the page cache would throw out what is in it, which is in the answer of what is cached. */
	posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
	close(file);
	file = open(path, O_WRONLY | O_DIRECT);
	if (file < 0)
		give_up(path);
	return file;
}

/* Writes what has been added since, and returns where the last block of that begins: it may not be full yet. */
static size_t save(int file, size_t from)
{
	size_t end = (used + BLOCK - 1) / BLOCK * BLOCK;

	if (pwrite(file, room + from, end - from, from) != (ssize_t)(end - from))
		give_up("answers");
	return used / BLOCK * BLOCK;
}

static void write_to(const char *path, const char *text)
{
	int file = open(path, O_WRONLY);

	if (file < 0 || write(file, text, strlen(text)) < 0)
		give_up(path);
	close(file);
}

int main(int argc, char **argv)
{
	cpu_set_t first;
	size_t saved;
	int file;

	if (argc < 4)
		return 2;
	brief = strcmp(argv[2], "brief") == 0;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof first, &first);
	/* What memory is taken later would not be in the answer of what is taken. */
	memset(bytes, 1, sizeof bytes);
	file = file_with_blocks(argv[1]);
	/* Until what wrote the blocks is at rest again. */
	sleep(3);
	find_tasks();
	add_tasks();
	for (int i = 4; i < argc; i++)
		add_path(argv[i]);
	saved = save(file, 0);
	add_moved_tasks(0);
	for (int i = 0; i < ROUNDS && add_moved_tasks(1) > 0; i++)
		;
	save(file, saved);
	if (strcmp(argv[3], "none") != 0)
		write_to("/proc/lab_block", argv[3]);
	write_to("/proc/sysrq-trigger", "c");
	return 1;
}
