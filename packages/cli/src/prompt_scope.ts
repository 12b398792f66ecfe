import { evaluate } from '@kcrash/report/explore/evaluate';
import { parseExpression } from '@kcrash/report/explore/expression';
import { parseAddress, placeOf, symbolsNamed } from '@kcrash/report/explore/symbol_table';
import { hexAddress, type VirtualAddress, virtualAddress } from '@kcrash/vmcore/bytes/address';
import { layoutText } from '@kcrash/vmcore/describe/type_declaration';
import { compileNaturalReader } from '@kcrash/vmcore/describe/type_reader';
import type { Dump } from '@kcrash/vmcore/dump';
import { readModules } from '@kcrash/vmcore/kernel/modules';
import { type LogRecord, readLog, recordText } from '@kcrash/vmcore/kernel/printk';
import { stackOf } from '@kcrash/vmcore/kernel/stacks';
import { readTasks, type Task } from '@kcrash/vmcore/kernel/tasks';
import { crashedTask, selectTasks } from './select_tasks.ts';
import { valueJson } from './value.ts';

/** One line for each name in scope: what `help()` prints. */
const HELP: readonly (readonly [name: string, meaning: string])[] = [
  ['dump', 'the dump: .memory, .physical, .symbols, .types, .vmcoreinfo, .container'],
  ['tasks()', 'all tasks'],
  ['task(x)', 'the task of a PID, an address or a command name; the one that crashed without'],
  ['bt(x)', 'its stack, as text'],
  ['stack(x)', 'its stack, as objects'],
  ['modules()', 'the loaded modules'],
  ['log()', 'the messages of the kernel log'],
  ['sym(x)', 'address of a symbol by its name, or symbol+offset of an address'],
  ['type(name)', 'layout of a type, as text'],
  ['read(x, length)', 'memory at an address or a symbol, as a Buffer'],
  [
    'member(x, type, ...paths)',
    'members of the object at x: member(sym("init_task"), "task_struct", "comm", "se.vruntime")',
  ],
  ['vars(expression)', 'a variable of the kernel, followed as in C: vars("init_task.parent->comm")'],
  ['hex(n)', 'a number as an address'],
];

/** What is in scope at the prompt. */
export function promptScope(dump: Dump) {
  const at = (x: string | bigint | number): VirtualAddress =>
    typeof x === 'string' ? parseAddress(dump, x) : virtualAddress(BigInt(x));
  const task = (x?: number | string | bigint): Task => {
    if (x === undefined) return crashedTask(dump);
    const word = typeof x === 'bigint' ? hexAddress(x) : String(x);
    return selectTasks(dump, word)[0] as Task;
  };
  return {
    dump,
    tasks: () => readTasks(dump).tasks,
    task,
    stack: (x?: number | string | bigint) => stackOf(dump, task(x)),
    bt: (x?: number | string | bigint) => new PlainText(stackText(dump, task(x))),
    modules: () => readModules(dump).modules,
    log: () =>
      [...readLog(dump.memory, dump.vmcoreinfo)]
        .filter((item): item is LogRecord => item.kind === 'record')
        .map((record) => ({
          seconds: record.nanoseconds / 1e9,
          level: record.level,
          text: recordText(record),
        })),
    sym: (x: string | bigint | number) =>
      typeof x === 'string' ? symbolAddress(dump, x) : placeOf(dump, BigInt(x)),
    type: (name: string) => new PlainText(layoutText(dump.types.btf, dump.types.id(name)).trimEnd()),
    read: (x: string | bigint | number, length = 64) => Buffer.from(dump.memory.read(at(x), length)),
    member: (x: string | bigint | number, type: string, ...paths: string[]) =>
      compileNaturalReader(dump.types, type, paths)(dump.memory, at(x)),
    vars: (expression: string) => variable(dump, expression),
    hex: (n: bigint | number) => hexAddress(BigInt.asUintN(64, BigInt(n))),
    help: () => new PlainText(HELP.map(([name, meaning]) => `${name.padEnd(26)} ${meaning}`).join('\n')),
  };
}

/** A text that the prompt shows as it is, without quotes and escapes. */
export class PlainText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.text;
  }
}

function stackText(dump: Dump, task: Task): string {
  const { frames, end, detail } = stackOf(dump, task);
  const lines = frames.map(({ address, symbol, offset, module }, n) => {
    const place = symbol === undefined ? 'unknown' : `${symbol}+0x${(offset ?? 0).toString(16)}`;
    return `#${n}  ${hexAddress(address)}  ${place}${module === undefined ? '' : ` [${module}]`}`;
  });
  return [...lines, ...(end === 'complete' ? [] : [detail ?? end])].join('\n');
}

function symbolAddress(dump: Dump, name: string): VirtualAddress | undefined {
  return symbolsNamed(dump, name)[0]?.address;
}

/** One value, or for a per-CPU variable those of all CPUs. */
function variable(dump: Dump, expression: string): unknown {
  const values = evaluate(dump, parseExpression(expression)).map(({ value }) =>
    value.kind === 'pointer'
      ? value.value
      : value.type.stars > 0
        ? dump.memory.pointer(value.address)
        : valueJson(dump.types, dump.memory, value.place, value.address),
  );
  return values.length === 1 ? values[0] : values;
}
