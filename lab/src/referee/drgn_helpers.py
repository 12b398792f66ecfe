"""What drgn's helpers read of a kernel, as one JSON object on standard output: lines by section.

Usage: drgn_helpers.py DUMP VMLINUX [MODULE.ko...]
Two dumps of one crash must give the same lines. Memory of users (`cmdline`, `environ`, `access_process_vm`) is not asked
for. What cannot be read is a line too, with the reason.
"""
import hashlib
import json
import sys

import drgn
import drgn.helpers.linux as linux
from drgn import container_of
from drgn.helpers.linux.sched import idle_task, task_cpu

from drgn_program import opened_program

SECTIONS = {}


def section(function):
    SECTIONS[function.__name__.replace("_", " ")] = function
    return function


def number(value):
    return hex(value.value_())


def text(value):
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)


def said(make):
    """What `make` returns, or why it cannot."""
    try:
        return text(make())
    except Exception as error:  # drgn has several classes for what it cannot read.
        return f"{type(error).__name__}: {error}"


def all_tasks(program):
    for cpu in linux.for_each_online_cpu(program):
        yield idle_task(program, cpu)
    yield from linux.for_each_task(program)


def who(task):
    return f"{task.pid.value_()} {text(task.comm.string_())}"


@section
def tasks(program):
    for task in all_tasks(program):
        cgroup = said(lambda: linux.cgroup_path(task.cgroups.dfl_cgrp))
        facts = (linux.task_state_to_char(task), task_cpu(task), hex(task.start_time), cgroup)
        yield f"{number(task)} {who(task)} {facts} {said(lambda: kthread(task))}"
    yield said(lambda: [str(load) for load in linux.loadavg(program)])
    for cpu in linux.for_each_online_cpu(program):
        yield f"on CPU {cpu}: {said(lambda: who(linux.cpu_curr(program, cpu)))}"


def kthread(task):
    if not task.flags & 0x200000:
        return ""
    return f"{linux.to_kthread(task).value_():#x} {linux.kthread_data(task).value_():#x}"


@section
def stacks(program):
    for task in all_tasks(program):
        yield f"{who(task)}: {said(lambda: program.stack_trace(task))}"


@section
def pids(program):
    for pid in linux.for_each_pid(program):
        yield f"{pid.numbers[0].nr.value_()} {number(pid)} {said(lambda: number(linux.find_pid(program, pid.numbers[0].nr)))}"


def open_files(program):
    """A task that has ended has no files any more; one that waits in open(2) has a number without a file."""
    for task in linux.for_each_task(program):
        for fd, file in linux.for_each_file(task) if task.files else ():
            if file:
                yield task, fd, file


@section
def files(program):
    for task, fd, file in open_files(program):
        inode = file.f_inode
        facts = (number(file), hex(file.f_mode), int(file.f_pos), int(inode.i_ino), oct(inode.i_mode))
        yield f"{who(task)} {fd} {said(lambda: linux.d_path(file.f_path))} {facts}"


@section
def mounts(program):
    namespaces = {task.nsproxy.mnt_ns.value_(): task.nsproxy.mnt_ns for task in linux.for_each_task(program) if task.nsproxy}
    for address, namespace in sorted(namespaces.items()):
        for mount in linux.for_each_mount(namespace):
            words = (linux.mount_src, linux.mount_dst, linux.mount_fstype)
            yield f"{address:#x} {number(mount)} " + " ".join(said(lambda: word(mount)) for word in words)


def superblocks(program):
    return linux.list_for_each_entry("struct super_block", program["super_blocks"].address_of_(), "s_list")


@section
def inodes_and_dentries(program):
    for block in superblocks(program):
        name = f"{text(block.s_type.name.string_())} {text(block.s_id.string_())}"
        for inode in linux.list_for_each_entry("struct inode", block.s_inodes.address_of_(), "i_sb_list"):
            pages = said(lambda: sum(1 for _ in linux.xa_for_each(inode.i_mapping.i_pages.address_of_())))
            paths = said(lambda: sorted(text(path) for path in linux.inode_paths(inode) if path))
            yield f"{name} {int(inode.i_ino)} {int(inode.i_size)} {int(inode.i_mapping.nrpages)} {pages} {paths}"


@section
def page_cache_structs(program):
    """The struct pages of every cached page: the memory map of pages that are left out."""
    for block in superblocks(program):
        for inode in linux.list_for_each_entry("struct inode", block.s_inodes.address_of_(), "i_sb_list"):
            for index, entry in linux.xa_for_each(inode.i_mapping.i_pages.address_of_()):
                if linux.xa_is_value(entry):
                    continue
                page = drgn.cast("struct page *", entry)
                yield f"{int(inode.i_ino)} {index} {number(page)} {said(lambda: linux.decode_page_flags(page))}"


@section
def modules(program):
    for module in linux.list_for_each_entry("struct module", program["modules"].address_of_(), "list"):
        users = [
            text(use.source.name.string_())
            for use in linux.list_for_each_entry("struct module_use", module.source_list.address_of_(), "source_list")
        ]
        parameters = said(lambda: int(module.num_kp))
        yield f"{text(module.name.string_())} {number(module)} {int(module.refcnt.counter)} {users} {parameters}"


@section
def module_regions(program):
    for module in linux.for_each_module(program):
        regions = [(hex(start), size) for start, size in linux.module_address_regions(module)]
        yield f"{text(module.name.string_())} {regions} {said(lambda: linux.module_percpu_region(module))}"
        for start, _ in regions:
            yield f"{start} is of {said(lambda: number(linux.address_to_module(program, int(start, 16))))}"


@section
def kallsyms(program):
    for finder in (linux.load_vmlinux_kallsyms(program), linux.load_module_kallsyms(program)):
        symbols = sorted(f"{symbol.address:#x} {symbol.name}" for symbol in finder(program, None, None, False))
        yield from symbols


@section
def slab_caches(program):
    aliases = linux.get_slab_cache_aliases(program)
    for cache in linux.for_each_slab_cache(program):
        name = text(cache.name.string_())
        yield f"{name} {number(cache)} {int(cache.object_size)} {int(cache.size)} {aliases.get(name)}"


# drgn goes over all of the memory map for each cache; crash's `kmem -S` tells of every object of every cache.
CACHES = ("task_struct", "mm_struct", "files_cache", "dentry", "sock_inode_cache")


@section
def slab_objects(program):
    for name in CACHES:
        cache = linux.find_slab_cache(program, name)
        digest, count = hashlib.sha256(), 0
        try:
            for item in linux.slab_cache_for_each_allocated_object(cache, "void *"):
                count += 1
                digest.update(item.value_().to_bytes(8, "little"))
        except Exception as error:
            yield f"{name}: {error}"
        yield f"{name}: {count} {digest.hexdigest()}"


@section
def slab_object_of_each_task(program):
    for task in linux.for_each_task(program):
        yield f"{who(task)} {said(lambda: linux.slab_object_info(task))}"


@section
def network(program):
    for net in linux.for_each_net(program):
        yield number(net)
        for device in linux.list_for_each_entry("struct net_device", net.dev_base_head.address_of_(), "dev_list"):
            name = text(device.name.string_())
            queues = [number(queue.qdisc) for queue in linux.netdev_for_each_tx_queue(device)]
            again = said(lambda: number(linux.netdev_get_by_name(net, name)))
            index = said(lambda: number(linux.netdev_get_by_index(net, device.ifindex)))
            counters = said(lambda: int(linux.per_cpu_ptr(device.pcpu_refcnt, 0)[0]))
            private = said(lambda: number(linux.netdev_priv(device, "void")))
            yield f"{name} {number(device)} {int(device.mtu)} {queues} {again} {index} {private} {counters}"
            if device.ingress_queue:
                yield f"{name} {said(lambda: linux.qdisc_lookup(device, 1))}"


@section
def sockets(program):
    for task, fd, file in open_files(program):
        if (int(file.f_inode.i_mode) & 0o170000) != 0o140000:
            continue
        sock = linux.SOCKET_I(file.f_inode).sk
        protocol = said(lambda: text(sock.__sk_common.skc_prot.name.string_()))
        state = said(lambda: linux.sk_tcpstate(sock)) if protocol == "TCP" else int(sock.__sk_common.skc_state)
        queued = said(lambda: int(sock.sk_receive_queue.qlen))
        group = said(lambda: linux.cgroup_path(linux.sock_cgroup_ptr(sock.sk_cgrp_data.address_of_())))
        yield f"{who(task)} {fd} {number(sock)} {protocol} {state} {queued} {group}"
        for buffer in buffers(sock):
            yield f"  {number(buffer)} {int(buffer.len)} {said(lambda: number(linux.skb_shinfo(buffer)))}"


def buffers(sock):
    head = sock.sk_receive_queue.address_of_()
    at = head.next
    while at.value_() != head.value_():
        yield at
        at = at.next


@section
def disks(program):
    for disk in linux.for_each_disk(program):
        yield f"{text(linux.disk_name(disk))} {linux.disk_devt(disk).value_():#x} {number(disk)}"
    for part in linux.for_each_partition(program):
        yield f"{text(linux.part_name(part))} {linux.part_devt(part).value_():#x} {said(lambda: linux.bdev_partno(part))}"


@section
def cgroups(program):
    root = program["cgrp_dfl_root"].cgrp
    for css in linux.css_for_each_descendant_pre(root.self.address_of_()):
        group = container_of(css, "struct cgroup", "self")
        yield f"{text(linux.cgroup_path(group))} {number(group)} {said(lambda: text(linux.kernfs_path(group.kn)))}"


@section
def sysfs(program):
    """Every name below /sys, by the red-black trees of kernfs."""
    pending = [("", program["sysfs_root_kn"])]
    while pending:
        path, node = pending.pop()
        for child in linux.rbtree_inorder_for_each_entry("struct kernfs_node", node.dir.children.address_of_(), "rb"):
            name = f"{path}/{said(lambda: text(linux.kernfs_name(child)))}"
            yield f"{name} {number(child)} {int(child.mode):o}"
            if (int(child.mode) & 0o170000) == 0o040000:
                pending.append((name, child))


@section
def bpf(program):
    for each in (linux.bpf_btf_for_each, linux.bpf_link_for_each, linux.bpf_map_for_each, linux.bpf_prog_for_each):
        found = list(each(program))
        yield f"{each.__name__}: {len(found)}"
        yield from (number(one) for one in found)


@section
def users(program):
    for user in linux.for_each_user(program):
        yield f"{user.uid.val.value_()} {number(user)} {number(linux.find_user(program, user.uid.val))}"


@section
def log(program):
    for record in linux.get_printk_records(program):
        yield f"{record.timestamp} {record.level} {record.seq} {record.caller_tid} {text(record.text)} {record.context}"


@section
def memory_map(program):
    """Flags, counts and mapping of every struct page: a digest for each 32 MB, and how often each set of flags is."""
    sets, digest, last = {}, hashlib.sha256(), 0
    for page in linux.for_each_page(program):
        pfn = linux.page_to_pfn(page).value_()
        if pfn >> 13 != last:
            yield f"{last}: {digest.hexdigest()}"
            digest, last = hashlib.sha256(), pfn >> 13
        try:
            digest.update(program.read(page.value_(), 64))
            flags = program.read_u64(page.value_()) & 0xFFFFFF
            sets[flags] = sets.get(flags, 0) + 1
        except drgn.FaultError as error:
            yield f"{pfn:#x}: {error}"
    yield f"{last}: {digest.hexdigest()}"
    for flags, count in sorted(sets.items()):
        yield f"{flags:#x}: {count}"


@section
def per_CPU_and_counters(program):
    for cpu in linux.for_each_possible_cpu(program):
        queue = linux.per_cpu(program["runqueues"], cpu)
        yield f"{cpu} {int(queue.nr_running)} {int(queue.nr_switches)} {int(queue.clock)}"
        yield f"{cpu} {said(lambda: list(map(int, linux.per_cpu(program['vm_event_states'], cpu).event)))}"
    yield said(lambda: linux.percpu_counter_sum(program["vm_committed_as"].address_of_()))
    yield said(lambda: int(linux.totalram_pages(program)))
    for node in linux.for_each_online_node(program):
        yield f"node {node}"
    for masks in (linux.for_each_online_cpu, linux.for_each_present_cpu, linux.for_each_possible_cpu):
        yield str(list(masks(program)))


@section
def boot(program):
    yield said(lambda: hex(linux.kaslr_offset(program)))
    yield said(lambda: linux.pgtable_l5_enabled(program))


@section
def kernel_configuration(program):
    yield from (f"{name}={value}" for name, value in sorted(linux.get_kconfig(program).items()))


@section
def areas_of_programs(program):
    for task in linux.for_each_task(program):
        if not task.mm or task.pid != task.tgid:
            continue
        for area in linux.for_each_vma(task.mm):
            start = area.vm_start.value_()
            path = said(lambda: text(linux.d_path(area.vm_file.f_path))) if area.vm_file else ""
            found = said(lambda: number(linux.vma_find(task.mm, start)))
            # By the page tables of the process; the page itself is a user's.
            page = said(lambda: number(linux.follow_pfn(task.mm, start)))
            yield f"{who(task)} {start:#x} {area.vm_end.value_():#x} {int(area.vm_flags):#x} {path} {found} {page}"


@section
def areas_of_vmalloc(program):
    for area in linux.for_each_vmap_area(program):
        start = area.va_start.value_()
        found = said(lambda: number(linux.find_vmap_area(program, start)))
        yield f"{start:#x} {area.va_end.value_():#x} {found} {said(lambda: number(linux.vmalloc_to_pfn(program, start)))}"


def irq_descriptors(program):
    """A radix tree until 6.5, when kernel commit 721255b9826b made it a maple tree."""
    try:
        tree = program["sparse_irqs"]
    except (KeyError, LookupError):
        for irq, entry in linux.radix_tree_for_each(program["irq_desc_tree"].address_of_()):
            yield irq, drgn.cast("struct irq_desc *", entry)
        return
    for irq, _, entry in linux.mt_for_each(tree.address_of_()):
        yield irq, drgn.cast("struct irq_desc *", entry)


@section
def interrupts(program):
    for irq, descriptor in irq_descriptors(program):
        chip = said(lambda: text(descriptor.irq_data.chip.name.string_()))
        counts = [
            said(lambda: interrupt_count(descriptor, cpu)) for cpu in linux.for_each_possible_cpu(program)
        ]
        actions, action = [], descriptor.action
        while action:
            actions.append(f"{text(action.name.string_())} {number(action.handler)}")
            action = action.next
        yield f"{irq} {number(descriptor)} {chip} {counts} {actions}"


def interrupt_count(descriptor, cpu):
    """A plain number until 6.10, a struct since."""
    count = linux.per_cpu_ptr(descriptor.kstat_irqs, cpu)[0]
    try:
        return int(count)
    except TypeError:
        return int(count.cnt)


@section
def timers(program):
    for cpu in linux.for_each_possible_cpu(program):
        for n, base in enumerate(linux.per_cpu(program["timer_bases"], cpu)):
            yield f"{cpu} {n} {int(base.clk)} {int(base.next_expiry)}"
            for vector, head in enumerate(base.vectors):
                for timer in linux.hlist_for_each_entry("struct timer_list", head.address_of_(), "entry"):
                    yield f"{cpu} {n} {vector} {number(timer)} {int(timer.expires)} {number(timer.function)}"
        for n, base in enumerate(linux.per_cpu(program["hrtimer_bases"], cpu).clock_base):
            root = base.active.rb_root.rb_root.address_of_()
            for node in linux.rbtree_inorder_for_each_entry("struct timerqueue_node", root, "node"):
                timer = container_of(node, "struct hrtimer", "node")
                yield f"{cpu} hr {n} {number(timer)} {int(node.expires)} {number(timer.function)}"


@section
def work_queues(program):
    for queue in linux.list_for_each_entry("struct workqueue_struct", program["workqueues"].address_of_(), "list"):
        pools = [
            f"{number(pool.pool)} {int(pool.nr_active)}"
            for pool in linux.list_for_each_entry("struct pool_workqueue", queue.pwqs.address_of_(), "pwqs_node")
        ]
        yield f"{text(queue.name.string_())} {number(queue)} {pools}"
    for pool_id, entry in linux.idr_for_each(program["worker_pool_idr"].address_of_()):
        pool = drgn.cast("struct worker_pool *", entry)
        works = [number(work.func) for work in linux.list_for_each_entry("struct work_struct", pool.worklist.address_of_(), "entry")]
        # The pools of work in soft interrupts have workers without a task.
        workers = [
            who(worker.task) if worker.task else "" for worker in linux.list_for_each_entry("struct worker", pool.workers.address_of_(), "node")
        ]
        yield f"{pool_id} {number(pool)} {int(pool.cpu)} {works} {workers}"


@section
def waiters(program):
    """Who waits for a child, an event or a message, by the wait queues of every task and open file."""
    for task in linux.for_each_task(program):
        queue = task.signal.wait_chldexit.address_of_()
        found = said(lambda: [who(waiter) for waiter in linux.waitqueue_for_each_task(queue)])
        yield f"{who(task)} {said(lambda: linux.waitqueue_active(queue))} {found}"


@section
def system_V(program):
    namespace = program["init_ipc_ns"]
    for kind, ids in enumerate(namespace.ids):
        for key, entry in linux.idr_for_each(ids.ipcs_idr.address_of_()):
            one = drgn.cast("struct kern_ipc_perm *", entry)
            yield f"{kind} {key} {number(one)} {int(one.key)} {int(one.mode):o}"


@section
def paths(program):
    for path in ("/", "/dev", "/proc", "/sys", "/tmp", "/lab", "/bin/busybox"):
        yield f"{path} {said(lambda: text(linux.d_path(linux.path_lookup(program, path))))}"
    root = said(lambda: number(linux.kernfs_walk(program["sysfs_root_kn"], "kernel/mm")))
    yield f"/sys/kernel/mm {root}"


# How a section ends that cannot go on; judge_minimal.ts looks for it.
CANNOT = "cannot: "


def lines_of(program, make):
    lines = []
    try:
        lines.extend(make(program))
    except AttributeError as error:
        lines.append(f"{CANNOT}{error}")
    except Exception as error:
        lines.append(f"{CANNOT}{type(error).__name__}: {error}")
    return lines


def main():
    program = opened_program(sys.argv[1:])
    json.dump({"sections": {name: lines_of(program, make) for name, make in SECTIONS.items()}}, sys.stdout)


main()
