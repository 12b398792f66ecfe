// Processes and threads in odd states or with odd properties, and waits deep inside the kernel. See tasks.c.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/nbd.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tasks.h"

/* Processes and threads. */

void wait_child(void)
{
	if (fork() == 0) {
		call_me("b_child");
		forever();
	}
	wait(NULL);
}

void vfork_child(void)
{
	if (vfork() == 0) {
		call_me("b_vforked");
		forever();
	}
}

void stopped(void)
{
	raise(SIGSTOP);
}

void zombie(void)
{
	call_me("b_zparent");
	if (fork() == 0) {
		call_me("b_zombie");
		_exit(3);
	}
	forever();
}

void traced(void)
{
	pid_t child = fork();

	if (child == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
	}
	call_me("b_tracer");
	waitpid(child, NULL, 0);
	forever();
}

void *thread(void *name)
{
	call_me(name);
	if (*(char *)name == 'f')
		syscall(SYS_futex, &futex_word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	forever();
	return NULL;
}

void threads(void)
{
	pthread_t made;

	for (int i = 0; i < 4; i++)
		if (pthread_create(&made, NULL, thread, i & 1 ? "f_thread" : "p_thread"))
			return;
	forever();
}

void leader_left(void)
{
	pthread_t made;

	if (pthread_create(&made, NULL, thread, "p_left"))
		return;
	pthread_exit(NULL);
}

/* What is not plain about a task. */

void other_user(void)
{
	gid_t groups[] = { 7, 9, 70000 };
	int failed = syscall(SYS_setgroups, 3, groups);

	failed |= setresgid(100, 200, 300) | setresuid(1000, 2000, 3000);
	if (!failed)
		forever();
}

void namespaces(void)
{
	int all = CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWCGROUP;

	if (unshare(all))
		return;
	if (fork() == 0) {
		call_me("b_ns_init");
		if (fork() == 0)
			call_me("b_ns_child");
	}
	forever();
}

void user_namespace(void)
{
	if (unshare(CLONE_NEWUSER) == 0)
		forever();
}

void real_time(void)
{
	struct sched_param priority = { 37 };

	if (sched_setscheduler(0, SCHED_FIFO, &priority) == 0)
		forever();
}

void batch(void)
{
	struct sched_param none = { 0 };

	if (sched_setscheduler(0, SCHED_BATCH, &none) == 0 && setpriority(PRIO_PROCESS, 0, 7) == 0)
		forever();
}

void odd_name(void)
{
	call_me("odd \n\\)( \xc3\xa9!");
	forever();
}

void memory(void)
{
	int how = PROT_READ | PROT_WRITE;
	char *own = mmap(NULL, 4 << 20, how, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *shared = mmap(NULL, 2 << 20, how, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (own == MAP_FAILED || shared == MAP_FAILED)
		return;
	memset(own, 1, 3 << 20);
	memset(shared, 1, 1 << 20);
	forever();
}

/* Inside the kernel: page faults, disks, file systems, a module's own functions. */

/* Memory whose pages another program would have to bring; nobody does. */
static char *unserved_page(void)
{
	int faults = syscall(SYS_userfaultfd, O_CLOEXEC);
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { { (unsigned long)page, 4096 }, UFFDIO_REGISTER_MODE_MISSING, 0 };

	if (ioctl(faults, UFFDIO_API, &api) || ioctl(faults, UFFDIO_REGISTER, &range))
		return NULL;
	return page;
}

void page_fault(void)
{
	char *page = unserved_page();

	if (page != NULL)
		*(volatile char *)page = 1;
}

void kernel_fault(void)
{
	char *page = unserved_page();
	int ends[2];

	if (page != NULL && pipe(ends) == 0 && write(ends[1], page, 1) < 0)
		return;
}

/* A network disk whose server says nothing: the first serves, the others read. */
void disk_read(void)
{
	static const char device[] = "/dev/nbd0";
	int ends[2], disk = open("/tmp/disk-is-served", O_CREAT | O_EXCL, 0600);

	if (disk < 0) {
		sleep(2);
		read_one(open(device, O_RDONLY));
		return;
	}
	disk = open(device, O_RDWR);
	if (disk < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, ends))
		return;
	if (ioctl(disk, NBD_SET_SIZE, 1UL << 20) || ioctl(disk, NBD_SET_SOCK, ends[0]))
		return;
	call_me("b_disk_server");
	ioctl(disk, NBD_DO_IT);
}

/* The scenario has frozen the file system. */
void frozen(void)
{
	open("/persist/frozen", O_WRONLY | O_CREAT, 0600);
}

static void in_module(int how)
{
	int file = open("/proc/lab_block", O_RDONLY);

	lseek(file, how, SEEK_SET);
	read_one(file);
}

void module_event(void) { in_module(0); }
void module_forever(void) { in_module(1); }
void module_mutex(void) { in_module(2); }
void module_reader(void) { in_module(3); }
void module_writer(void) { in_module(4); }
void module_completion(void) { in_module(5); }
