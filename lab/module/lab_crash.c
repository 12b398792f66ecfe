// SPDX-License-Identifier: GPL-2.0
/*
 * Ways to crash a kernel that user space has no file for: insmod lab_crash.ko how=null
 * The chain of functions below each crash makes its stack recognisable.
 */
#include <linux/console.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/preempt.h>

static char *how = "null";
module_param(how, charp, 0444);
MODULE_PARM_DESC(how, "null, bug, warn, stack, panic, irq_null, softlockup, spin_irqoff, console_lock");

static int depth = 3;
module_param(depth, int, 0444);
MODULE_PARM_DESC(depth, "how many functions deep the crash lies");

static int *volatile nowhere;
static volatile int sink;

static noinline void lab_crash_here(void)
{
	if (!strcmp(how, "null"))
		*nowhere = 1;
	else if (!strcmp(how, "bug"))
		BUG();
	else if (!strcmp(how, "warn"))
		WARN(1, "lab: a warning");
	else
		panic("lab: %s", how);
}

static noinline int lab_crash_nest(int levels)
{
	if (levels <= 0)
		lab_crash_here();
	else
		sink += lab_crash_nest(levels - 1);
	return sink + levels;
}

static noinline int lab_crash_recurse(int levels)
{
	volatile char frame[512];

	frame[levels & 511] = levels;
	sink += lab_crash_recurse(levels + 1);
	return frame[(levels + 1) & 511] + sink;
}

static enum hrtimer_restart lab_crash_timer(struct hrtimer *timer)
{
	*nowhere = 1;
	return HRTIMER_NORESTART;
}

static void lab_crash_in_interrupt(void)
{
	static struct hrtimer timer;

#ifdef LAB_HRTIMER_SETUP
	hrtimer_setup(&timer, lab_crash_timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
#else
	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL_HARD);
	timer.function = lab_crash_timer;
#endif
	hrtimer_start(&timer, ms_to_ktime(50), HRTIMER_MODE_REL_HARD);
	msleep(1000);
}

static void lab_crash_softlockup(void)
{
	preempt_disable();
	for (;;)
		cpu_relax();
}

static int other_cpu_is_stuck;

static int lab_crash_hog(void *with_console)
{
	if (with_console)
		console_lock();
	local_irq_disable();
	WRITE_ONCE(other_cpu_is_stuck, 1);
	for (;;)
		cpu_relax();
	return 0;
}

static int lab_crash_beside_a_stuck_cpu(bool with_console)
{
	struct task_struct *hog = kthread_create(lab_crash_hog, with_console ? &how : NULL, "lab_hog");
	unsigned int other;

	/* Stay here, or the spinning below would happen on the CPU that the other thread wants. */
	migrate_disable();
	other = cpumask_any_but(cpu_online_mask, smp_processor_id());
	if (IS_ERR(hog) || other >= nr_cpu_ids)
		return -ENODEV;
	kthread_bind(hog, other);
	wake_up_process(hog);
	while (!READ_ONCE(other_cpu_is_stuck))
		cpu_relax();
	return lab_crash_nest(depth);
}

static int __init lab_crash_init(void)
{
	if (!strcmp(how, "stack"))
		return lab_crash_recurse(0);
	if (!strcmp(how, "irq_null"))
		lab_crash_in_interrupt();
	else if (!strcmp(how, "softlockup"))
		lab_crash_softlockup();
	else if (!strcmp(how, "spin_irqoff"))
		return lab_crash_beside_a_stuck_cpu(false);
	else if (!strcmp(how, "console_lock"))
		return lab_crash_beside_a_stuck_cpu(true);
	else
		return lab_crash_nest(depth);
	return 0;
}

static void __exit lab_crash_exit(void)
{
}

module_init(lab_crash_init);
module_exit(lab_crash_exit);
MODULE_DESCRIPTION("crashes the kernel on purpose");
MODULE_LICENSE("GPL");
