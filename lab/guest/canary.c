// Plants canaries in every class of memory, for the lab's leak scenarios:
//   canary plant FILE   plants all but one class, writes why to FILE where it cannot, and stays in the background
//   canary freed        fills memory and ends, so that free pages hold a canary
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "canary.h"

enum { LENGTH = 32, HEAD = 16, VEIL = 0x5a };

/** "Lab's canary is ", veiled, so that the page cache of this program is no canary. */
static const volatile unsigned char head[HEAD] = {
	'L' ^ VEIL, 'a' ^ VEIL, 'b' ^ VEIL, '\'' ^ VEIL, 's' ^ VEIL, ' ' ^ VEIL, 'c' ^ VEIL, 'a' ^ VEIL,
	'n' ^ VEIL, 'a' ^ VEIL, 'r' ^ VEIL, 'y' ^ VEIL,	 ' ' ^ VEIL, 'i' ^ VEIL, 's' ^ VEIL, ' ' ^ VEIL,
};

void fill(void *at, size_t size, const char *class)
{
	size_t length = strlen(class);
	char *to = at;

	for (int i = 0; i < LENGTH; i++)
		to[i] = i < HEAD ? head[i] ^ VEIL : (size_t)(i - HEAD) < length ? class[i - HEAD] : '.';
	for (size_t done = LENGTH; done < size; done += LENGTH)
		memcpy(to + done, to, LENGTH);
}

char *filled(size_t size, const char *class)
{
	char *buffer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (buffer == MAP_FAILED)
		_exit(3);
	fill(buffer, size, class);
	return buffer;
}

void wipe(char *buffer, size_t size)
{
	memset(buffer, 0, size);
	munmap(buffer, size);
}

int write_filled(int file, size_t size, const char *class)
{
	char *buffer = filled(size, class);
	ssize_t written = write(file, buffer, size);

	wipe(buffer, size);
	return written == (ssize_t)size ? 0 : -1;
}

/** Moves this process to a CPU. What ends on another one does not disturb what waits here. */
static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof set, &set);
}

static char why[100];

int failed(const char *what)
{
	snprintf(why, sizeof why, "%s: %s", what, strerror(errno));
	return -1;
}

static const struct class {
	const char *name;
	int (*plant)(const char *class);
} classes[] = {
	{ "anonymous", anonymous },	{ "huge", huge },		{ "cache-clean", cache_clean },
	{ "cache-dirty", cache_dirty },	{ "tmpfs", temporary },		{ "system-v", system_v },
	{ "mapped-private", mapped_private },	{ "mapped-shared", mapped_shared },	{ "memfd", memory_file },
	{ "hugetlbfs", huge_file },	{ "secret", secret },		{ "guest-private", guest_private },
	{ "guest-huge", guest_huge },	{ "guest-shared", guest_shared },	{ "pipe", pipe_full },
	{ "unix-stream", unix_stream },	{ "unix-small", unix_small },	{ "tcp", tcp },
	{ "udp", udp },			{ "udp-large", udp_large },	{ "key", key },
	{ "key-large", key_large },	{ "message", message },		{ "pty-input", pseudo_terminal },
	{ "pty-output", terminal_output },	{ "console", console },
};

static int plant(const char *file)
{
	int done[2];
	char byte;
	FILE *out;

	if (pipe(done))
		return 1;
	if (fork() != 0) {
		close(done[1]);
		return read(done[0], &byte, 1) == 1 ? 0 : 1;
	}
	setsid();
	move_to(1);
	prctl(PR_SET_NAME, "canary", 0, 0, 0);
	out = fopen(file, "w");
	if (out == NULL)
		return 1;
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
		why[0] = '\0';
		if (classes[i].plant(classes[i].name))
			fprintf(out, "%s %s\n", classes[i].name, why);
	}
	fflush(out);
	fsync(fileno(out));
	/* Last, so that some of its pages still wait in this CPU's batch for the list of those in use. */
	shared("shared");
	if (write(done[1], "", 1) != 1)
		return 1;
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	move_to(0);
	if (argc == 3 && strcmp(argv[1], "plant") == 0)
		return plant(argv[2]);
	if (argc == 2 && strcmp(argv[1], "freed") == 0)
		return freed("freed") != 0;
	return 2;
}
