/*
 * kcrash_sys: the system calls that the agent needs and QuickJS's `os` module lacks.
 *
 * What the calls are for stands in kcrash_sys.d.ts; what is done with them is TypeScript.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "kcrash_module.h"

static JSValue sys_fsync(ARGS)
{
	UNUSED;
	int fd;

	if (JS_ToInt32(ctx, &fd, argv[0]))
		return JS_EXCEPTION;
	return result(ctx, RETRY(fsync(fd)));
}

/* A flush to disk in a thread of its own, one at a time. */
static struct {
	pthread_t thread;
	int running, fd, error;
	atomic_int done;
} flush;

#define FLUSH_STACK_BYTES (64 << 10)

static void *flush_thread(void *unused)
{
	(void)unused;
	if (RETRY(fdatasync(flush.fd)) < 0 && flush.error == 0)
		flush.error = errno;
	close(flush.fd);
	atomic_store(&flush.done, 1);
	return NULL;
}

static void join_flush(void)
{
	if (flush.running)
		pthread_join(flush.thread, NULL);
	flush.running = 0;
}

/* startFlush(fd) */
static JSValue sys_start_flush(ARGS)
{
	UNUSED;
	int fd;
	sigset_t all, before;
	pthread_attr_t attributes;

	if (JS_ToInt32(ctx, &fd, argv[0]))
		return JS_EXCEPTION;
	if (flush.running && !atomic_load(&flush.done))
		return JS_UNDEFINED;
	join_flush();
	/* One that nobody closes meanwhile. */
	flush.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (flush.fd < 0)
		return JS_UNDEFINED;
	atomic_store(&flush.done, 0);
	/* Signals are for the thread that JavaScript asks from whether any came. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, FLUSH_STACK_BYTES);
	flush.running = pthread_create(&flush.thread, &attributes, flush_thread, NULL) == 0;
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!flush.running)
		close(flush.fd);
	return JS_UNDEFINED;
}

/* endFlush(): an error is told once, as fdatasync does, which then tells it to nobody else */
static JSValue sys_end_flush(ARGS)
{
	UNUSED;
	join_flush();
	int error = flush.error;
	flush.error = 0;
	return JS_NewInt32(ctx, -error);
}

static JSValue sys_syncfs(ARGS)
{
	UNUSED;
	int fd;

	if (JS_ToInt32(ctx, &fd, argv[0]))
		return JS_EXCEPTION;
	return result(ctx, RETRY(syncfs(fd)));
}

static JSValue sys_sync(ARGS)
{
	UNUSED;
	sync();
	return JS_UNDEFINED;
}

/* Bytes of a file and the part of a buffer that they go to or come from. */
struct transfer {
	int fd;
	uint8_t *bytes;
	uint64_t length;
	int64_t position;
};

/* (fd, buffer, start, length, position), of which [start, start + length) must be in the buffer; -1 with an exception */
static int transfer_of(JSContext *ctx, JSValueConst *argv, struct transfer *transfer)
{
	uint64_t start;
	size_t size;

	if (JS_ToInt32(ctx, &transfer->fd, argv[0]) || JS_ToIndex(ctx, &start, argv[2]) ||
	    JS_ToIndex(ctx, &transfer->length, argv[3]) || JS_ToInt64(ctx, &transfer->position, argv[4]))
		return -1;
	uint8_t *bytes = JS_GetArrayBuffer(ctx, &size, argv[1]);
	if (!bytes)
		return -1;
	if (start > size || transfer->length > size - start) {
		JS_ThrowRangeError(ctx, "%lu bytes at %lu of a buffer of %zu", (unsigned long)transfer->length,
				   (unsigned long)start, size);
		return -1;
	}
	transfer->bytes = bytes + start;
	return 0;
}

static JSValue sys_pread(ARGS)
{
	UNUSED;
	struct transfer to;

	if (transfer_of(ctx, argv, &to) < 0)
		return JS_EXCEPTION;
	return result(ctx, RETRY(pread(to.fd, to.bytes, to.length, to.position)));
}

static JSValue sys_pwrite(ARGS)
{
	UNUSED;
	struct transfer from;

	if (transfer_of(ctx, argv, &from) < 0)
		return JS_EXCEPTION;
	return result(ctx, RETRY(pwrite(from.fd, from.bytes, from.length, from.position)));
}

static volatile sig_atomic_t interrupt_came;

static void note_interrupt(int signal)
{
	(void)signal;
	interrupt_came = 1;
}

/* interrupted(): whether SIGINT or SIGTERM came since it was first called */
static JSValue sys_interrupted(ARGS)
{
	UNUSED;
	static int watching;
	struct sigaction action = { .sa_handler = note_interrupt };

	if (!watching) {
		watching = 1;
		sigaction(SIGINT, &action, NULL);
		sigaction(SIGTERM, &action, NULL);
	}
	return JS_NewBool(ctx, interrupt_came);
}

static JSValue sys_statvfs(ARGS)
{
	UNUSED;
	struct statvfs status;
	const char *path = JS_ToCString(ctx, argv[0]);

	if (!path)
		return JS_EXCEPTION;
	JSValue failure = result(ctx, RETRY(statvfs(path, &status)));
	JS_FreeCString(ctx, path);
	if (JS_VALUE_GET_INT(failure) < 0)
		return failure;
	JSValue object = JS_NewObject(ctx);
	set(ctx, object, "totalBytes", (int64_t)(status.f_blocks * status.f_frsize));
	set(ctx, object, "freeBytes", (int64_t)(status.f_bfree * status.f_frsize));
	set(ctx, object, "flags", (int64_t)status.f_flag);
	return object;
}

static JSValue sys_sysinfo(ARGS)
{
	UNUSED;
	struct sysinfo info;

	if (sysinfo(&info) < 0)
		return result(ctx, -1);
	JSValue object = JS_NewObject(ctx);
	set(ctx, object, "totalBytes", (int64_t)info.totalram * info.mem_unit);
	set(ctx, object, "freeBytes", (int64_t)info.freeram * info.mem_unit);
	return object;
}

static JSValue sys_unmount(ARGS)
{
	UNUSED;
	const char *path = JS_ToCString(ctx, argv[0]);

	if (!path)
		return JS_EXCEPTION;
	long got = umount2(path, 0);
	JSValue value = result(ctx, got);
	JS_FreeCString(ctx, path);
	return value;
}

/* mount(path, type or "", flags, options or "") */
static JSValue sys_mount(ARGS)
{
	UNUSED;
	int64_t flags;
	const char *path = JS_ToCString(ctx, argv[0]);
	const char *type = JS_ToCString(ctx, argv[1]);
	const char *options = JS_ToCString(ctx, argv[3]);
	JSValue value = JS_EXCEPTION;

	if (path && type && options && JS_ToInt64(ctx, &flags, argv[2]) == 0)
		value = result(ctx, mount(type, path, type, (unsigned long)flags, options));
	JS_FreeCString(ctx, path);
	JS_FreeCString(ctx, type);
	JS_FreeCString(ctx, options);
	return value;
}

static JSValue sys_reboot(ARGS)
{
	UNUSED;
	return result(ctx, reboot(RB_AUTOBOOT));
}

static JSValue sys_error_name(ARGS)
{
	UNUSED;
	int number;

	if (JS_ToInt32(ctx, &number, argv[0]))
		return JS_EXCEPTION;
	const char *name = strerrorname_np(number);
	return JS_NewString(ctx, name ? name : "EUNKNOWN");
}

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("fsync", 1, sys_fsync),
	JS_CFUNC_DEF("startFlush", 1, sys_start_flush),
	JS_CFUNC_DEF("endFlush", 0, sys_end_flush),
	JS_CFUNC_DEF("syncfs", 1, sys_syncfs),
	JS_CFUNC_DEF("sync", 0, sys_sync),
	JS_CFUNC_DEF("pread", 5, sys_pread),
	JS_CFUNC_DEF("pwrite", 5, sys_pwrite),
	JS_CFUNC_DEF("interrupted", 0, sys_interrupted),
	JS_CFUNC_DEF("statvfs", 1, sys_statvfs),
	JS_CFUNC_DEF("sysinfo", 0, sys_sysinfo),
	JS_CFUNC_DEF("unmount", 1, sys_unmount),
	JS_CFUNC_DEF("mount", 4, sys_mount),
	JS_CFUNC_DEF("reboot", 0, sys_reboot),
	JS_CFUNC_DEF("errorName", 1, sys_error_name),
};

KCRASH_MODULE(kcrash_sys, functions)
