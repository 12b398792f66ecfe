"""A dump opened by drgn with debug info: what the scripts beside share."""
import sys

import drgn


def opened_program(arguments):
    """The program of `DUMP VMLINUX [MODULE.ko...]`."""
    dump, *debug_info = arguments
    program = drgn.Program()
    program.set_core_dump(dump)
    try:
        program.load_debug_info(debug_info)
    except drgn.MissingDebugInfoError as error:
        # What it found is loaded; an older drgn does not know a newer kernel's modules.
        print(error, file=sys.stderr)
    return program
