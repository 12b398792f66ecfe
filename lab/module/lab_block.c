// SPDX-License-Identifier: GPL-2.0
/*
 * Functions to block in, and locks that are never released. What a task waits for by reading a byte of
 * /proc/lab_block at an offset, and who holds what:
 *
 *   0 an event, interruptibly      1 an event, uninterruptibly
 *   2 lab_mutex    held by lab_middle, which waits for lab_sem to read
 *   3 lab_sem      to read; held by lab_owner to write, which waits for an event
 *   4 lab_shared   to write; held by lab_reader to read, which waits for an event
 *   5 lab_done, a completion
 *
 * lab_left and lab_right hold a mutex each and wait for the other's. lab_spinner is made and never started,
 * until the number of another CPU is written to /proc/lab_block: there it spins with interrupts off.
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/rwsem.h>
#include <linux/wait.h>

static DECLARE_WAIT_QUEUE_HEAD(lab_event);
static DECLARE_COMPLETION(lab_done);
static DECLARE_RWSEM(lab_sem);
static DECLARE_RWSEM(lab_shared);
static DEFINE_MUTEX(lab_mutex);
static DEFINE_MUTEX(lab_mutex_left);
static DEFINE_MUTEX(lab_mutex_right);
static bool never;
static bool spinning;
static struct task_struct *spinner;

enum { EVENT, FOREVER, MUTEX, READER, WRITER, COMPLETION };

/* The barriers keep calls from becoming jumps, which no stack shows. */
static noinline int lab_block_inner(int how)
{
	int rc = 0;

	switch (how) {
	case EVENT:
		rc = wait_event_interruptible(lab_event, READ_ONCE(never));
		break;
	case FOREVER:
		wait_event(lab_event, READ_ONCE(never));
		break;
	case MUTEX:
		mutex_lock(&lab_mutex);
		break;
	case READER:
		down_read(&lab_sem);
		break;
	case WRITER:
		down_write(&lab_shared);
		break;
	case COMPLETION:
		wait_for_completion(&lab_done);
		break;
	}
	barrier();
	return rc;
}

static noinline int lab_block_here(int how)
{
	int rc = lab_block_inner(how);

	barrier();
	return rc;
}

static int lab_owner(void *unused)
{
	int rc;

	down_write(&lab_sem);
	rc = lab_block_here(FOREVER);
	barrier();
	return rc;
}

static int lab_reader(void *unused)
{
	int rc;

	down_read(&lab_shared);
	rc = lab_block_here(FOREVER);
	barrier();
	return rc;
}

static int lab_middle(void *unused)
{
	int rc;

	mutex_lock(&lab_mutex);
	rc = lab_block_here(READER);
	barrier();
	return rc;
}

static noinline int lab_deadlock(struct mutex *own, struct mutex *other)
{
	mutex_lock(own);
	while (!mutex_is_locked(other))
		msleep(10);
	mutex_lock(other);
	barrier();
	return 0;
}

static int lab_left(void *unused)
{
	return lab_deadlock(&lab_mutex_left, &lab_mutex_right);
}

static int lab_right(void *unused)
{
	return lab_deadlock(&lab_mutex_right, &lab_mutex_left);
}

static noinline void lab_spin_here(void)
{
	local_irq_disable();
	WRITE_ONCE(spinning, true);
	for (;;)
		cpu_relax();
}

static int lab_spinner(void *unused)
{
	lab_spin_here();
	return 0;
}

static ssize_t lab_block_read(struct file *file, char __user *to, size_t size, loff_t *how)
{
	int rc = lab_block_here(*how);

	barrier();
	return rc;
}

static ssize_t lab_block_write(struct file *file, const char __user *from, size_t size, loff_t *at)
{
	unsigned int cpu;
	int rc = kstrtouint_from_user(from, size, 10, &cpu);

	if (rc)
		return rc;
	if (!cpu_online(cpu) || !spinner)
		return -ENODEV;
	kthread_bind(spinner, cpu);
	wake_up_process(spinner);
	spinner = NULL;
	while (!READ_ONCE(spinning))
		cpu_relax();
	return size;
}

static const struct proc_ops lab_block_file = {
	.proc_read = lab_block_read,
	.proc_write = lab_block_write,
	.proc_lseek = default_llseek,
};

static int __init lab_block_init(void)
{
	/* Whoever holds a lock has it before anybody else can want it. */
	kthread_run(lab_owner, NULL, "lab_owner");
	kthread_run(lab_reader, NULL, "lab_reader/of_a_long_name");
	kthread_run(lab_left, NULL, "lab_left");
	kthread_run(lab_right, NULL, "lab_right");
	while (!rwsem_is_locked(&lab_sem) || !rwsem_is_locked(&lab_shared))
		msleep(10);
	kthread_run(lab_middle, NULL, "lab_middle");
	while (!mutex_is_locked(&lab_mutex))
		msleep(10);
	spinner = kthread_create(lab_spinner, NULL, "lab_spinner");
	if (IS_ERR(spinner))
		return PTR_ERR(spinner);
	return proc_create("lab_block", 0600, NULL, &lab_block_file) ? 0 : -ENOMEM;
}

module_init(lab_block_init);
MODULE_DESCRIPTION("functions to block in");
MODULE_VERSION("1.2.3");
MODULE_LICENSE("GPL");
