/*
 * kcrash_child: processes that cannot harm their parent, which QuickJS's `os` module does not make.
 *
 * What the calls are for stands in kcrash_child.d.ts; what is done with them is TypeScript.
 */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kcrash_module.h"

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

static JSValue child_fork(ARGS)
{
	UNUSED;
	pid_t pid = fork();

	if (pid == 0)
		become_child();
	else if (pid > 0)
		setpgid(pid, pid); /* whoever comes first: a kill right after must find the group */
	return result(ctx, pid);
}

static JSValue child_exit_now(ARGS)
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
static JSValue child_spawn(ARGS)
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
static JSValue child_readable(ARGS)
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
static JSValue child_ended(ARGS)
{
	UNUSED;
	int pid;
	siginfo_t info = { 0 };

	if (JS_ToInt32(ctx, &pid, argv[0]))
		return JS_EXCEPTION;
	long got = RETRY(waitid(P_PID, pid, &info, WEXITED | WNOHANG | WNOWAIT));
	return result(ctx, got < 0 ? got : info.si_pid == pid);
}

static const JSCFunctionListEntry functions[] = {
	JS_CFUNC_DEF("fork", 0, child_fork),
	JS_CFUNC_DEF("exitNow", 1, child_exit_now),
	JS_CFUNC_DEF("spawn", 1, child_spawn),
	JS_CFUNC_DEF("readable", 2, child_readable),
	JS_CFUNC_DEF("ended", 1, child_ended),
};

KCRASH_MODULE(kcrash_child, functions)
