// Canaries that the kernel holds for user space: in pages of its own, and inside its slab.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/msg.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "canary.h"

enum { KEYRING_USER = -4 };

/** Writes blocks of a class to a descriptor until `size` bytes are written or it takes no more. */
static int write_until_full(int file, size_t block, size_t size, const char *class)
{
	char *buffer = filled(block, class);
	long total = 0;

	fcntl(file, F_SETFL, O_NONBLOCK);
	while ((size_t)total < size) {
		ssize_t written = write(file, buffer, block);

		if (written <= 0)
			break;
		total += written;
	}
	wipe(buffer, block);
	return total > 0 ? 0 : failed("write");
}

int pipe_full(const char *class)
{
	int ends[2];

	return pipe(ends) ? failed("pipe") : write_until_full(ends[1], PAGE, 16 * PAGE, class);
}

int unix_stream(const char *class)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return failed("socketpair");
	return write_until_full(ends[0], 16 * PAGE, 64 * PAGE, class);
}

int unix_small(const char *class)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, ends))
		return failed("socketpair");
	return write_until_full(ends[0], 256, 8 * 256, class);
}

/** A socket that is bound to a free port of the loopback address, and one that sends there. */
static int loopback(int type, int ends[2])
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t length = sizeof address;
	struct sockaddr *at = (struct sockaddr *)&address;

	ends[0] = socket(AF_INET, type, 0);
	ends[1] = socket(AF_INET, type, 0);
	if (bind(ends[0], at, length) || getsockname(ends[0], at, &length))
		return failed("bind");
	if (type == SOCK_STREAM && listen(ends[0], 1))
		return failed("listen");
	return connect(ends[1], at, length) ? failed("connect") : 0;
}

int tcp(const char *class)
{
	int ends[2];

	if (loopback(SOCK_STREAM, ends) || accept(ends[0], NULL, NULL) < 0)
		return failed("TCP");
	return write_until_full(ends[1], 4 * PAGE, 256 * PAGE, class);
}

int udp(const char *class)
{
	int ends[2];

	return loopback(SOCK_DGRAM, ends) ? -1 : write_until_full(ends[1], 1024, 8 * 1024, class);
}

int udp_large(const char *class)
{
	int ends[2];

	return loopback(SOCK_DGRAM, ends) ? -1 : write_until_full(ends[1], 5 * PAGE, 15 * PAGE, class);
}

static int add_key(const char *class, size_t size)
{
	char *buffer = filled(size, class);
	long id = syscall(SYS_add_key, "user", class, buffer, size, KEYRING_USER);

	wipe(buffer, size);
	return id < 0 ? failed("add_key") : 0;
}

int key(const char *class)
{
	return add_key(class, 1024);
}

/** Too long for any slab cache of 4 kB objects. */
int key_large(const char *class)
{
	return add_key(class, 12288);
}

int message(const char *class)
{
	int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	/* The first word is the message's type, which is whatever the canary begins with. */
	char *buffer = filled(1024, class);
	int sent = queue < 0 ? -1 : msgsnd(queue, buffer, 1024 - sizeof(long), 0);

	wipe(buffer, 1024);
	return sent ? failed("msgsnd") : 0;
}

/** Turns off whatever a terminal does to its bytes. */
static void raw(int file)
{
	struct termios mode;

	tcgetattr(file, &mode);
	cfmakeraw(&mode);
	tcsetattr(file, TCSANOW, &mode);
}

/** Both ends of a pseudo-terminal. */
static int terminal(int ends[2])
{
	char name[32];

	ends[0] = posix_openpt(O_RDWR | O_NOCTTY);
	if (ends[0] < 0 || grantpt(ends[0]) || unlockpt(ends[0]) || ptsname_r(ends[0], name, sizeof name))
		return failed("ptmx");
	ends[1] = open(name, O_RDWR | O_NOCTTY);
	if (ends[1] < 0)
		return failed(name);
	raw(ends[1]);
	return 0;
}

int pseudo_terminal(const char *class)
{
	int ends[2];

	return terminal(ends) ? -1 : write_until_full(ends[0], 1024, 8192, class);
}

int terminal_output(const char *class)
{
	int ends[2];

	return terminal(ends) ? -1 : write_until_full(ends[1], 1024, 8192, class);
}

/** What was typed at the console and nobody has read. */
int console(const char *class)
{
	int file = open("/dev/console", O_RDWR | O_NOCTTY);
	char *buffer;
	int left = 256;

	if (file < 0)
		return failed("/dev/console");
	raw(file);
	buffer = filled(256, class);
	for (char *byte = buffer; left > 0 && ioctl(file, TIOCSTI, byte) == 0; byte++)
		left--;
	wipe(buffer, 256);
	return left > 0 ? failed("TIOCSTI") : 0;
}
