"""What drgn makes of a dump, as one JSON object on standard output.

Usage: drgn_facts.py DUMP VMLINUX [MODULE.ko...] <SYMBOLS: one name a line on standard input.
drgn has no other interface than Python's; everything that can be judged elsewhere is judged there.
"""
import json
import sys

import drgn
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.printk import get_dmesg
from drgn.helpers.linux.sched import task_cpu

from drgn_program import opened_program


def facts_of_frame(frame):
    try:
        pc = frame.pc
    except LookupError:
        return {"pc": None, "symbol": None, "offset": 0}
    try:
        symbol = frame.symbol()
    except LookupError:
        return {"pc": hex(pc), "symbol": None, "offset": 0}
    return {"pc": hex(pc), "symbol": symbol.name, "offset": pc - symbol.address}


def address_of(program, name):
    try:
        return hex(program.symbol(name).address)
    except LookupError:
        return None


def stack_of(thread):
    """The frames, and why there are no more of them; the innermost one first."""
    try:
        return list(thread.stack_trace()), None
    except Exception as error:  # drgn raises a plain Exception for debug info that it cannot follow.
        return [], str(error)


def main():
    program = opened_program(sys.argv[1:])
    crashed = program.crashed_thread()
    trace, failure = stack_of(crashed)
    names = sys.stdin.read().split()
    json.dump(
        {
            "version": drgn.__version__,
            "release": program["init_uts_ns"].name.release.string_().decode(),
            "log": get_dmesg(program).decode("latin-1"),
            "threads": sum(1 for _ in for_each_task(program)),
            "crashed": {
                "pid": crashed.tid,
                "cpu": task_cpu(crashed.object),
                "command": crashed.object.comm.string_().decode(),
                "frames": [facts_of_frame(frame) for frame in trace if not frame.is_inline],
                "failure": failure,
                "inlined": sum(1 for frame in trace if frame.is_inline),
            },
            "addresses": {
                name: address
                for name, address in ((name, address_of(program, name)) for name in names)
                if address is not None
            },
        },
        sys.stdout,
    )


main()
