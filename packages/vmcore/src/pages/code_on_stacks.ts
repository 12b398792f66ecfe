import { virtualAddress } from '../bytes/address.ts';
import { wordsOf } from '../bytes/words.ts';
import { readCpuRegisters } from '../kernel/cpu_registers.ts';
import { readCpus } from '../kernel/cpus.ts';
import { taskStackBounds } from '../kernel/stack_bounds.ts';
import { readTasks } from '../kernel/tasks.ts';
import { type Classification, rangeWalker } from './classification.ts';
import { classIndex } from './page_class.ts';

const CODE = classIndex('kernel code');
const ON_STACK = classIndex('code on stacks');

/** The high half of every address of the kernel's code, as a signed word. */
const CODE_HIGH = -1;
const TWO_32 = 0x1_0000_0000n;
/** A call is no longer than this; it lies before the address that it left on the stack. */
const CALL_BYTES = 16;

/**
 * The few pages of code without which the stacks of CPUs cannot be unwound and the code at the crash cannot be
 * shown: where each CPU was, and where the words on its stacks point.
 */
export function classifyCodeOnStacks(into: Classification): void {
  const { dump } = into;
  const { tasks } = readTasks(dump);
  for (const { registers } of readCpuRegisters(dump).values()) keep(into, BigInt(registers.ip));
  const framesAt = rangeWalker(dump);
  for (const cpu of readCpus(dump)) {
    const task = tasks.find(({ address }) => address === cpu.current);
    const own = task === undefined ? undefined : taskStackBounds(dump, task.stack);
    for (const { low, high } of own === undefined ? cpu.stacks : [own, ...cpu.stacks]) {
      for (const frame of framesAt(low, high)) {
        const page = dump.physical.page(frame);
        if (typeof page !== 'string') keepPointedTo(into, wordsOf(page));
      }
    }
  }
}

function keepPointedTo(into: Classification, words: Uint32Array): void {
  const signed = new Int32Array(words.buffer, words.byteOffset, words.length);
  for (let n = signed.indexOf(CODE_HIGH); n >= 0; n = signed.indexOf(CODE_HIGH, n + 1)) {
    if ((n & 1) === 1) keep(into, 0xffff_ffffn * TWO_32 + BigInt(words[n - 1] as number));
  }
}

function keep({ dump, classes }: Classification, address: bigint): void {
  for (const at of [address - BigInt(CALL_BYTES), address + BigInt(CALL_BYTES)]) {
    const physical = dump.memory.translate(virtualAddress(at));
    if (physical === undefined) continue;
    const frame = Math.floor(physical / dump.physical.pageSize);
    if (classes.get(frame) === CODE) classes.set(frame, ON_STACK);
  }
}
