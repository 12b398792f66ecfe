import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { i32, u64Big } from '../bytes/cursor.ts';
import { tryRead } from './kernel_memory.ts';
import type { UnwindContext } from './unwind.ts';

/** Opcode of `call rel32`. */
const CALL = 0xe8;
/** A direct call may skip the `endbr64` that a function starts with. */
const ENDBR_SIZE = 4n;

/** A return address and where on the stack it stands. */
export interface CallSite {
  readonly address: VirtualAddress;
  readonly slot: VirtualAddress;
}

/**
 * The caller of a function that has no ORC. A panic ends in `__crash_kexec`, where the registers are saved
 * that a dump has of the crashed CPU, and which objtool passes over (STACK_FRAME_NON_STANDARD). The caller is
 * the return address between `sp` and the stack's end that stands behind a direct call of this very function;
 * undefined where there is none, or more than one.
 */
export function findCallSite(
  context: Pick<UnwindContext, 'memory' | 'isText' | 'functionStart'>,
  ip: VirtualAddress,
  sp: VirtualAddress,
  end: bigint,
): CallSite | undefined {
  const start = context.functionStart(ip);
  if (start === undefined) return undefined;
  let found: CallSite | undefined;
  for (let slot = sp; slot + 8n <= end; slot = addTo(slot, 8)) {
    const word = tryRead(context.memory, slot, 8);
    if (!word) return undefined;
    const address = u64Big(word, 0) as VirtualAddress;
    if (!context.isText(address) || !followsCall(context, address, start)) continue;
    if (found) return undefined;
    found = { address, slot };
  }
  return found;
}

/** Whether the instruction before an address is a direct call of a function. */
function followsCall(
  context: Pick<UnwindContext, 'memory'>,
  address: VirtualAddress,
  target: bigint,
): boolean {
  const bytes = tryRead(context.memory, addTo(address, -5), 5);
  if (!bytes || bytes[0] !== CALL) return false;
  const called = addTo(address, i32(bytes, 1));
  return called === target || called === target + ENDBR_SIZE;
}
