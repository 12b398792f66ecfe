"""What drgn makes of every task and of many types of a dump, as one JSON object on standard output.

Usage: drgn_survey.py DUMP VMLINUX [MODULE.ko...] <REQUEST: what to ask, as survey.ts has it, on standard input.
drgn has no other interface than Python's; everything that can be judged elsewhere is judged there.
"""
import json
import re
import sys

import drgn
from drgn import TypeKind
from drgn.helpers.linux.cpumask import for_each_online_cpu
from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.sched import idle_task, task_cpu, task_state_to_char

from drgn_program import opened_program

COMPOUND = (TypeKind.STRUCT, TypeKind.UNION)
TAGS = {TypeKind.STRUCT: "struct", TypeKind.UNION: "union", TypeKind.ENUM: "enum"}


def frame_of(frame):
    try:
        pc = frame.pc
    except LookupError:
        return {"pc": None, "symbol": None, "start": None}
    try:
        symbol = frame.symbol()
    except LookupError:
        return {"pc": hex(pc), "symbol": None, "start": None}
    return {"pc": hex(pc), "symbol": symbol.name, "start": hex(symbol.address)}


def stack_of(program, task):
    try:
        trace = program.stack_trace(task)
        inlined = sum(1 for frame in trace if frame.is_inline)
        frames = [frame_of(frame) for frame in trace if not frame.is_inline]
        return {"frames": frames, "inlined": inlined, "failure": None}
    except Exception as error:  # drgn raises a plain Exception for debug info that it cannot follow.
        return {"frames": [], "inlined": 0, "failure": str(error)}


def at_path(value, steps):
    for step in steps:
        value = value[step] if isinstance(step, int) else value.member_(step)
    return value


def text_of(value):
    """An integer in decimal digits; a text with a character for each byte."""
    kind = value.type_
    while kind.kind == TypeKind.TYPEDEF:
        kind = kind.type
    if kind.kind == TypeKind.ARRAY:
        return value.string_().decode("utf-8", "replace")
    return str(int(value.value_()))


def steps_of(path):
    steps = []
    for name, index in re.findall(r"([A-Za-z_]\w*)|\[(\d+)\]", path):
        steps.append(name if name else int(index))
    return steps


def values_of(task, wanted):
    """The values at each path of one object that a task has; in place of them the words why there are none."""
    try:
        pointer = task.address_of_() if wanted["pointer"] is None else task.member_(wanted["pointer"])
        if not pointer:
            return {"values": None, "failure": None}
        whole = pointer[0].read_()
    except Exception as error:
        return {"values": None, "failure": str(error)}
    values = []
    for steps in wanted["steps"]:
        try:
            values.append(text_of(at_path(whole, steps)))
        except Exception as error:
            values.append(f"none: {error}")
    return {"values": values, "failure": None}


def task_facts(program, task, objects):
    return {
        "address": hex(task.value_()),
        "letter": task_state_to_char(task),
        "cpu": task_cpu(task),
        "stack": stack_of(program, task),
        "objects": {wanted["name"]: values_of(task[0], wanted) for wanted in objects},
    }


def all_tasks(program):
    for cpu in for_each_online_cpu(program):
        yield idle_task(program, cpu)
    yield from for_each_task(program)


def words_of(kind):
    """A member's type in words, as survey.ts has them."""
    qualifiers = [
        name
        for name, bit in (("const", drgn.Qualifiers.CONST), ("volatile", drgn.Qualifiers.VOLATILE))
        if kind.qualifiers & bit
    ]
    return " ".join([*qualifiers, plain_words(kind)])


def plain_words(kind):
    if kind.kind == TypeKind.POINTER:
        return f"pointer to {words_of(kind.type)}"
    if kind.kind == TypeKind.ARRAY:
        return f"array of {kind.length or 0} {words_of(kind.type)}"
    if kind.kind in (TypeKind.FUNCTION, TypeKind.VOID):
        return "function" if kind.kind == TypeKind.FUNCTION else "void"
    if kind.kind in TAGS:
        return f"{TAGS[kind.kind]} {kind.tag or '{}'}"
    return kind.name


def size_of(kind):
    try:
        return drgn.sizeof(kind)
    except TypeError:
        return None


def nameless_inside(kind):
    """The struct or union without a tag that a member is, points to, or is an array of."""
    while kind.kind in (TypeKind.POINTER, TypeKind.ARRAY):
        kind = kind.type
    return layout_of(kind) if kind.kind in COMPOUND and kind.tag is None else None


def layout_of(kind):
    if kind.kind == TypeKind.ENUM:
        values = None if kind.enumerators is None else {name: str(value) for name, value in kind.enumerators}
        return {"kind": "enum", "size": size_of(kind), "values": values}
    if kind.kind not in COMPOUND:
        return None
    return {
        "kind": TAGS[kind.kind],
        "size": kind.size,
        "members": [
            {
                "name": member.name or "",
                "bitOffset": member.bit_offset,
                "bitSize": member.bit_field_size or 0,
                "type": words_of(member.type),
                "size": size_of(member.type),
                "inner": nameless_inside(member.type),
            }
            for member in kind.members or ()
        ],
    }


def named_layout(program, name):
    try:
        kind = program.type(name)
    except LookupError:
        return None
    while kind.kind == TypeKind.TYPEDEF:
        kind = kind.type
    return layout_of(kind)


def main():
    request = json.load(sys.stdin)
    program = opened_program(sys.argv[1:])
    objects = [
        {**wanted, "steps": [steps_of(path) for path in wanted["paths"]]} for wanted in request["objects"]
    ]
    json.dump(
        {
            "tasks": [task_facts(program, task, objects) for task in all_tasks(program)],
            "layouts": {name: named_layout(program, name) for name in request["types"]},
        },
        sys.stdout,
    )


main()
