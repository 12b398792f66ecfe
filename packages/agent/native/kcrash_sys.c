/*
 * kcrash_sys: the system calls that the agent needs and QuickJS's `os` module lacks.
 *
 * Like `os`, a call returns what the system call returned, or a negative errno. What the calls are for stands
 * in kcrash_sys.d.ts; what is done with them is TypeScript.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/reboot.h>
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#include "quickjs.h"

/* Makes the call again while a signal interrupts it. */
#define RETRY(call)                                                                                          \
	({                                                                                                   \
		long retried_;                                                                               \
		do                                                                                           \
			retried_ = (call);                                                                   \
		while (retried_ < 0 && errno == EINTR);                                                      \
		retried_;                                                                                    \
	})

#define ARGS JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv
#define UNUSED (void)self, (void)argc, (void)argv, (void)ctx

static JSValue result(JSContext *ctx, long value)
{
	return JS_NewInt64(ctx, value < 0 ? -errno : value);
}

static void set(JSContext *ctx, JSValue object, const char *name, int64_t value)
{
	JS_SetPropertyStr(ctx, object, name, JS_NewInt64(ctx, value));
}

static JSValue sys_fsync(ARGS)
{
	UNUSED;
	int fd;

	if (JS_ToInt32(ctx, &fd, argv[0]))
		return JS_EXCEPTION;
	return result(ctx, RETRY(fsync(fd)));
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

/* pread(fd, buffer, start, length, position): into buffer[start, start + length) */
static JSValue sys_pread(ARGS)
{
	UNUSED;
	int fd;
	uint64_t start, length;
	int64_t position;
	size_t size;

	if (JS_ToInt32(ctx, &fd, argv[0]) || JS_ToIndex(ctx, &start, argv[2]) ||
	    JS_ToIndex(ctx, &length, argv[3]) || JS_ToInt64(ctx, &position, argv[4]))
		return JS_EXCEPTION;
	uint8_t *bytes = JS_GetArrayBuffer(ctx, &size, argv[1]);
	if (!bytes)
		return JS_EXCEPTION;
	if (start > size || length > size - start)
		return JS_ThrowRangeError(ctx, "pread past the end of its buffer");
	return result(ctx, RETRY(pread(fd, bytes + start, length, position)));
}

/* pwrite(fd, buffer, start, length, position): from buffer[start, start + length) */
static JSValue sys_pwrite(ARGS)
{
	UNUSED;
	int fd;
	uint64_t start, length;
	int64_t position;
	size_t size;

	if (JS_ToInt32(ctx, &fd, argv[0]) || JS_ToIndex(ctx, &start, argv[2]) ||
	    JS_ToIndex(ctx, &length, argv[3]) || JS_ToInt64(ctx, &position, argv[4]))
		return JS_EXCEPTION;
	uint8_t *bytes = JS_GetArrayBuffer(ctx, &size, argv[1]);
	if (!bytes)
		return JS_EXCEPTION;
	if (start > size || length > size - start)
		return JS_ThrowRangeError(ctx, "pwrite past the end of its buffer");
	return result(ctx, RETRY(pwrite(fd, bytes + start, length, position)));
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

/* Leaves no room for the child to harm its parent: it dies with it, and is the first to go when memory ends. */
static void become_child(void)
{
	static const char first_to_go[] = "1000";

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	if (fd >= 0) {
		(void)!write(fd, first_to_go, sizeof(first_to_go) - 1);
		close(fd);
	}
}

static JSValue sys_fork(ARGS)
{
	UNUSED;
	pid_t pid = fork();

	if (pid == 0)
		become_child();
	else if (pid > 0)
		setpgid(pid, pid); /* whoever comes first: a kill right after must find the group */
	return result(ctx, pid);
}

static JSValue sys_exit_now(ARGS)
{
	UNUSED;
	int code;

	if (JS_ToInt32(ctx, &code, argv[0]))
		return JS_EXCEPTION;
	_exit(code);
}

static void close_from(int first)
{
	if (close_range(first, ~0U, 0) == 0)
		return;
	for (int fd = first; fd < 1024; fd++) /* kernels before 5.9 */
		close(fd);
}

/* In the child: standard input is empty, output and errors go to `output`, an errno of exec to `failure`. */
static void exec_program(char **words, int output, int failure)
{
	sigset_t none;

	become_child();
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	int empty = open("/dev/null", O_RDONLY);
	if (dup2(output, 1) == 1 && dup2(output, 2) == 2 && (empty == 0 || dup2(empty, 0) == 0)) {
		/* `failure` is above 2 and is closed by a successful exec; what the others held is closed now. */
		if (failure != 3 && dup3(failure, 3, O_CLOEXEC) == 3)
			failure = 3;
		if (failure == 3)
			close_from(4);
		execvp(words[0], words);
	}
	int error = errno;
	(void)!write(failure, &error, sizeof(error));
	_exit(127);
}

/* A pipe whose ends are above the three standard descriptors, even where those are closed. */
static int high_pipe(int ends[2])
{
	int low[2];

	if (pipe2(low, O_CLOEXEC) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		ends[i] = fcntl(low[i], F_DUPFD_CLOEXEC, 4);
	close(low[0]);
	close(low[1]);
	return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

struct child {
	pid_t pid;
	int output, failure;
};

/*
 * exec is not waited for: it may read a program from a disk that no longer answers. Its errno comes through
 * `failure`, whose end without a byte means that the program runs.
 */
static int start(char **words, struct child *child)
{
	int out[2] = { -1, -1 }, failure[2] = { -1, -1 };

	child->pid = -1;
	if (high_pipe(out) == 0 && high_pipe(failure) == 0)
		child->pid = fork();
	if (child->pid == 0)
		exec_program(words, out[1], failure[1]);
	int error = errno;
	close(out[1]);
	close(failure[1]);
	child->output = out[0];
	child->failure = failure[0];
	if (child->pid > 0) {
		setpgid(child->pid, child->pid);
		return 0;
	}
	close(out[0]);
	close(failure[0]);
	errno = error;
	return -1;
}

/* spawn(words): { pid, output, failure }, or the negative errno of pipe or fork */
static JSValue sys_spawn(ARGS)
{
	UNUSED;
	uint32_t count = 0;
	struct child child;
	JSValue length = JS_GetPropertyStr(ctx, argv[0], "length");

	if (JS_ToUint32(ctx, &count, length) || count == 0 || count > 4096)
		return JS_ThrowRangeError(ctx, "spawn wants 1 to 4096 words");
	char **words = calloc(count + 1, sizeof(*words));
	if (!words)
		return JS_ThrowOutOfMemory(ctx);
	uint32_t known = 0;
	for (; known < count; known++) {
		JSValue word = JS_GetPropertyUint32(ctx, argv[0], known);
		words[known] = (char *)JS_ToCString(ctx, word);
		JS_FreeValue(ctx, word);
		if (!words[known])
			break;
	}
	JSValue value = JS_EXCEPTION;
	if (known == count) {
		int got = start(words, &child);
		value = got < 0 ? result(ctx, got) : JS_NewObject(ctx);
		if (got == 0) {
			set(ctx, value, "pid", child.pid);
			set(ctx, value, "output", child.output);
			set(ctx, value, "failure", child.failure);
		}
	}
	while (known > 0)
		JS_FreeCString(ctx, words[--known]);
	free(words);
	return value;
}

/* readable(fd, milliseconds): 1 when a read would not block (also at the end), 0 when the time is over */
static JSValue sys_readable(ARGS)
{
	UNUSED;
	int fd, milliseconds;

	if (JS_ToInt32(ctx, &fd, argv[0]) || JS_ToInt32(ctx, &milliseconds, argv[1]))
		return JS_EXCEPTION;
	struct pollfd wanted = { .fd = fd, .events = POLLIN };
	int got = poll(&wanted, 1, milliseconds);
	return got < 0 && errno == EINTR ? JS_NewInt32(ctx, 0) : result(ctx, got);
}

/* ended(pid): 1 when the child has ended; it stays a zombie, so that its number can't be another's yet */
static JSValue sys_ended(ARGS)
{
	UNUSED;
	int pid;
	siginfo_t info = { 0 };

	if (JS_ToInt32(ctx, &pid, argv[0]))
		return JS_EXCEPTION;
	long got = RETRY(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return result(ctx, got < 0 ? got : info.si_pid == pid);
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
	JS_CFUNC_DEF("fork", 0, sys_fork),
	JS_CFUNC_DEF("exitNow", 1, sys_exit_now),
	JS_CFUNC_DEF("spawn", 1, sys_spawn),
	JS_CFUNC_DEF("readable", 2, sys_readable),
	JS_CFUNC_DEF("ended", 1, sys_ended),
	JS_CFUNC_DEF("errorName", 1, sys_error_name),
};

static int init(JSContext *ctx, JSModuleDef *module)
{
	return JS_SetModuleExportList(ctx, module, functions, sizeof(functions) / sizeof(functions[0]));
}

JSModuleDef *js_init_module_kcrash_sys(JSContext *ctx, const char *name)
{
	JSModuleDef *module = JS_NewCModule(ctx, name, init);

	if (module)
		JS_AddModuleExportList(ctx, module, functions, sizeof(functions) / sizeof(functions[0]));
	return module;
}
