// Canaries in pages that are user space's own, and in those of files.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "canary.h"

enum { MIB = 1 << 20, SMALL = 64 * PAGE };

/* A virtual machine's 256 MB, a part in each backing that QEMU has, with QEMU's own flags. */
enum { GUEST_PRIVATE = 128 * MIB, GUEST_HUGE = 64 * MIB, GUEST_SHARED = 64 * MIB };

static void *map(size_t size, int flags, int file)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, file, 0);

	return at == MAP_FAILED ? NULL : at;
}

int anonymous(const char *class)
{
	char *at = map(4 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (at == NULL)
		return failed("mmap");
	madvise(at, 4 * MIB, MADV_NOHUGEPAGE);
	fill(at, 4 * MIB, class);
	return 0;
}

/** Kilobytes of huge pages that this process has at an address. */
static long huge_kib(uintptr_t address)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	char line[500];
	unsigned long start, end;
	int inside = 0;
	long kib = -1;

	while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = address >= start && address < end;
		else if (inside)
			sscanf(line, "AnonHugePages: %ld kB", &kib);
	}
	if (maps != NULL)
		fclose(maps);
	return kib;
}

int huge(const char *class)
{
	uintptr_t at = (uintptr_t)map(8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	uintptr_t aligned = (at + HUGE - 1) / HUGE * HUGE;

	if (at == 0)
		return failed("mmap");
	madvise((void *)aligned, 4 * MIB, MADV_HUGEPAGE);
	fill((void *)aligned, 4 * MIB, class);
	errno = 0;
	return huge_kib(aligned) >= 4096 ? 0 : failed("no huge page");
}

/** A file of canaries on the disk; its descriptor, or -1. */
static int file_of(const char *path, size_t size, const char *class)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	if (file < 0 || write_filled(file, size, class))
		return failed(path);
	return file;
}

int cache_clean(const char *class)
{
	int file = file_of("/lab/canary-clean", MIB, class);

	return file < 0 || fsync(file) ? -1 : 0;
}

int cache_dirty(const char *class)
{
	return file_of("/lab/canary-dirty", MIB, class) < 0 ? -1 : 0;
}

int temporary(const char *class)
{
	return file_of("/tmp/canary", MIB, class) < 0 ? -1 : 0;
}

/** Of so few pages some still wait in a CPU's batch for the list of pages in use. */
int shared(const char *class)
{
	char *at = map(SMALL, MAP_SHARED | MAP_ANONYMOUS, -1);

	if (at == NULL)
		return failed("mmap");
	fill(at, SMALL, class);
	return 0;
}

int system_v(const char *class)
{
	int id = shmget(IPC_PRIVATE, SMALL, IPC_CREAT | 0600);
	void *at = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	if (at == (void *)-1)
		return failed("shmget");
	fill(at, SMALL, class);
	return 0;
}

/** Maps a file that holds zeros, and writes the canaries by the mapping alone. */
static int mapped(const char *path, int flags, const char *class)
{
	int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	char *at = file < 0 || ftruncate(file, SMALL) ? NULL : map(SMALL, flags, file);

	if (at == NULL)
		return failed(path);
	fill(at, SMALL, class);
	return 0;
}

int mapped_private(const char *class)
{
	return mapped("/lab/canary-private", MAP_PRIVATE, class);
}

int mapped_shared(const char *class)
{
	return mapped("/lab/canary-shared", MAP_SHARED, class);
}

int memory_file(const char *class)
{
	int file = memfd_create("canary", MFD_CLOEXEC);

	return file < 0 || write_filled(file, MIB, class) ? failed("memfd") : 0;
}

/** Fills `size` bytes of a file's own memory. */
static int by_mapping(int file, size_t size, const char *class, int dontfork)
{
	char *at = file < 0 || ftruncate(file, size) ? NULL : map(size, MAP_SHARED, file);

	if (at == NULL)
		return failed("file of memory");
	if (dontfork && madvise(at, size, MADV_DONTFORK))
		return failed("MADV_DONTFORK");
	fill(at, size, class);
	return 0;
}

static int huge_pages(const char *path)
{
	mkdir("/tmp/huge", 0700);
	if (access(path, F_OK) && mount("hugetlbfs", "/tmp/huge", "hugetlbfs", 0, NULL) && errno != EBUSY)
		return failed("hugetlbfs");
	return open(path, O_RDWR | O_CREAT, 0600);
}

int huge_file(const char *class)
{
	return by_mapping(huge_pages("/tmp/huge/canary"), HUGE, class, 0);
}

int secret(const char *class)
{
	return by_mapping(syscall(SYS_memfd_secret, 0), SMALL, class, 0);
}

int guest_private(const char *class)
{
	char *at = map(GUEST_PRIVATE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);

	if (at == NULL)
		return failed("mmap");
	madvise(at, GUEST_PRIVATE, MADV_MERGEABLE);
	madvise(at, GUEST_PRIVATE, MADV_HUGEPAGE);
	madvise(at, GUEST_PRIVATE, MADV_DONTDUMP);
	if (madvise(at, GUEST_PRIVATE, MADV_DONTFORK))
		return failed("MADV_DONTFORK");
	fill(at, GUEST_PRIVATE, class);
	return 0;
}

int guest_huge(const char *class)
{
	return by_mapping(huge_pages("/tmp/huge/guest"), GUEST_HUGE, class, 1);
}

int guest_shared(const char *class)
{
	return by_mapping(memfd_create("memory-backend-memfd", MFD_CLOEXEC), GUEST_SHARED, class, 1);
}

int freed(const char *class)
{
	char *at = map(8 * MIB, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (at == NULL)
		return -1;
	madvise(at, 8 * MIB, MADV_NOHUGEPAGE);
	fill(at, 8 * MIB, class);
	return 0;
}
