"""What drgn takes for the stacks of a dump.

Usage: drgn_stacks.py DUMP VMLINUX one|all
"""
import sys

import drgn
from drgn.helpers.linux.pid import for_each_task

dump, vmlinux, which = sys.argv[1:]
program = drgn.Program()
program.set_core_dump(dump)
program.load_debug_info([vmlinux])
if which == "one":
    print(program.crashed_thread().stack_trace())
else:
    for task in for_each_task(program):
        try:
            print(program.stack_trace(task))
        except (ValueError, drgn.FaultError) as error:  # It runs on another CPU, or has given its stack back.
            print(error)
