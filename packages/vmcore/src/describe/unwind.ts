import { addTo, hexAddress, type VirtualAddress } from '../bytes/address.ts';
import { DumpError } from '../bytes/errors.ts';
import { findCallSite } from './call_site.ts';
import { type KernelMemory, wordAt } from './kernel_memory.ts';
import { ORC_REG, type OrcEntry } from './orc.ts';
import { type PtRegs, type PtRegsLayout, type RegisterName, savedRegisters } from './pt_regs.ts';

/** A stack of the crashed kernel. */
export interface StackBounds {
  /** `task`, `irq`, `nmi` … A stack is entered once only, so stacks of one CPU must have different names. */
  readonly name: string;
  readonly low: bigint;
  /** One past its highest byte. */
  readonly high: bigint;
}

/** Where unwinding starts. */
export interface UnwindStart {
  readonly ip: VirtualAddress;
  readonly sp: VirtualAddress;
  readonly bp: bigint;
  /** The rest of the registers, where all are known; ORC asks for `r10`, `r13`, `di`, `dx` in a few places. */
  readonly regs?: PtRegs;
  /** `registers`: `ip` is the instruction that was interrupted. `switch`: it is a return address. */
  readonly from: 'registers' | 'switch';
}

/** How a frame's address was found. */
export type FrameOrigin =
  /** The registers that unwinding started from. */
  | 'registers'
  /** The return address that the scheduler left on a sleeping task's stack. */
  | 'switch'
  /** A return address at the place that ORC names. */
  | 'call'
  /** Registers saved at an interrupt or exception. */
  | 'pt_regs'
  /** What the CPU pushed at an interrupt or exception. */
  | 'iret'
  /** The one return address on the stack behind a call of the function, which itself has no ORC. */
  | 'call-site'
  /** By the frame pointer, in code that has no ORC, or further up from there. */
  | 'frame-pointer';

/** One function of a stack. */
export interface Frame {
  /** Interrupted instruction, or return address. */
  readonly address: VirtualAddress;
  /** Whether `address` is an instruction itself; else it follows a call, and belongs to what holds `address - 1`. */
  readonly interrupted: boolean;
  /**
   * `guess` from the first frame on that was not found by the kernel's own unwind tables. A frame found by its
   * call site is exact, and so are those after it, when the walk from there ends at the stack's outermost frame.
   */
  readonly certainty: 'exact' | 'guess';
  readonly origin: FrameOrigin;
  /** Stack pointer of this frame. */
  readonly sp: VirtualAddress;
  /** Name of the stack that `sp` lies on. */
  readonly stack: string | undefined;
  /** Where the registers of the interrupted context lie, as a `struct pt_regs`, for origin `pt_regs`. */
  readonly regs: VirtualAddress | undefined;
}

/** Why a stack ended where it did. */
export type UnwindEnd =
  /** The outermost function, or the return to user space: the stack is complete. */
  | 'complete'
  /** ORC says that nothing is known of the code's stack, or has no usable entry. */
  | 'undefined'
  /** The next address is no code. */
  | 'not-code'
  /** The next frame would lie on no stack that may follow. */
  | 'off-stack'
  /** The next frame would lie below this one, or the chain of frames is too long. */
  | 'runaway'
  /** The dump lacks the memory of the stack. */
  | 'absent-memory';

/** The frames of one stack, innermost first. */
export interface Unwound {
  readonly frames: readonly Frame[];
  readonly end: UnwindEnd;
  /** One sentence for people where `end` is not `complete`. */
  readonly detail: string | undefined;
  /** Address of the `struct pt_regs` where user space was left, if that is where the stack ends. */
  readonly userRegs: VirtualAddress | undefined;
}

/** What the unwinder asks about the crashed kernel. */
export interface UnwindContext {
  readonly memory: KernelMemory;
  readonly ptRegs: PtRegsLayout;
  /** ORC of kernel or module code; undefined for code that has none. */
  orc(address: bigint): OrcEntry | undefined;
  /** Whether an address lies in code. */
  isText(address: bigint): boolean;
  /** Where the function that holds an address starts. */
  functionStart(address: bigint): bigint | undefined;
  /** The stack that an address lies on, among those this task or CPU may use. */
  stackAt(address: bigint): StackBounds | undefined;
}

/** A stack of a kernel has 16 KB, its frames 16 bytes or more; a handful of stacks may follow each other. */
const MOST_FRAMES = 4096;

/** For a call through a NULL pointer: the return address is on top of the stack. */
const NULL_CALL: OrcEntry = {
  type: 'call',
  signal: false,
  spReg: ORC_REG.sp,
  spOffset: 8,
  bpReg: ORC_REG.undefined,
  bpOffset: 0,
};

/** For code without ORC (BPF): it keeps a frame pointer, as far as one can tell. */
const FRAME_POINTER: OrcEntry = {
  type: 'call',
  signal: false,
  spReg: ORC_REG.bp,
  spOffset: 16,
  bpReg: ORC_REG.prevSp,
  bpOffset: -16,
};

/**
 * Walks a stack by the kernel's ORC tables, with the meaning that the kernel's own unwinder
 * (arch/x86/kernel/unwind_orc.c) gives them. Nothing is scanned for: an address is a frame only because the
 * one before it says where its return address lies. Never throws for what the dump holds or lacks.
 */
export function unwind(context: UnwindContext, start: UnwindStart): Unwound {
  return new Walker(context, start).run();
}

/** One walk up a stack: the state is the frame that was found last. */
class Walker {
  readonly #context: UnwindContext;
  readonly #frames: Frame[] = [];
  readonly #visited = new Set<string>();
  #ip: VirtualAddress;
  #sp: VirtualAddress;
  #bp: bigint;
  /** Registers of the interrupted context that the frame belongs to. */
  #regs: PtRegs | undefined;
  /** Those of the context before, while only what the CPU pushed is known of this one. */
  #previousRegs: PtRegs | undefined;
  /** Whether `#regs` has more than what the CPU pushed. */
  #allRegs: boolean;
  #regsAt: VirtualAddress | undefined;
  #interrupted: boolean;
  #certainty: 'exact' | 'guess' = 'exact';
  /** Whether a step was taken that nothing can prove. */
  #guessed = false;
  #origin: FrameOrigin;
  #stack: StackBounds | undefined;
  #end: UnwindEnd = 'complete';
  #detail: string | undefined;
  #userRegs: VirtualAddress | undefined;

  constructor(context: UnwindContext, start: UnwindStart) {
    this.#context = context;
    this.#ip = start.ip;
    this.#sp = start.sp;
    this.#bp = start.bp;
    this.#regs = start.regs;
    this.#allRegs = start.regs !== undefined;
    this.#interrupted = start.from === 'registers';
    this.#origin = start.from;
  }

  run(): Unwound {
    // A stack that ran over its end leaves the stack pointer in the guard page below it.
    const pageAbove = ((this.#sp + 0xfffn) & ~0xfffn) as VirtualAddress;
    this.#stack = this.#context.stackAt(this.#sp) ?? this.#context.stackAt(pageAbove);
    if (this.#stack) this.#visited.add(this.#stack.name);
    if (!this.#interrupted && !this.#stack) {
      // What a task that has given back its stack left there is no frame.
      this.#stop('off-stack', `${hexAddress(this.#sp)} lies on no stack`);
    } else if (!this.#interrupted && !this.#context.isText(this.#ip)) this.#notCode();
    else {
      do this.#frames.push(this.#frame());
      while (this.#next());
    }
    // A wrong start would not lead to the outermost frame.
    const proven = this.#end === 'complete' && !this.#guessed && this.#certainty === 'guess';
    const frames = proven
      ? this.#frames.map((frame) => ({ ...frame, certainty: 'exact' as const }))
      : this.#frames;
    return { frames, end: this.#end, detail: this.#detail, userRegs: this.#userRegs };
  }

  #frame(): Frame {
    return {
      address: this.#ip,
      interrupted: this.#interrupted,
      certainty: this.#certainty,
      origin: this.#origin,
      sp: this.#sp,
      stack: this.#stackOf(this.#sp)?.name,
      regs: this.#regsAt,
    };
  }

  /** Of an interrupted context the stack is not the one where its registers were found. */
  #stackOf(sp: VirtualAddress): StackBounds | undefined {
    const stack = this.#stack;
    return stack && sp >= stack.low && sp <= stack.high ? stack : this.#context.stackAt(sp);
  }

  /** Finds the caller; false at the end. */
  #next(): boolean {
    if (this.#frames.length >= MOST_FRAMES) return this.#stop('runaway', `over ${MOST_FRAMES} frames`);
    const from = this.#ip;
    const orc = this.#entry();
    if (orc.type === 'undefined' && this.#takeCallSite()) return true;
    if (orc.type === 'undefined')
      return this.#stop('undefined', `ORC knows nothing of the stack at ${hexAddress(from)}`);
    if (orc.type === 'end') return this.#stop('complete');
    const before = { sp: this.#sp, stack: this.#stack };
    const sp = this.#callersStack(orc);
    if (sp === undefined || !this.#takeAddress(orc, sp) || !this.#takeBp(orc, sp)) return false;
    const stuck = this.#stack === before.stack && this.#onStack(this.#sp, 8n) && this.#sp <= before.sp;
    if (stuck) return this.#stop('runaway', `the frame after ${hexAddress(from)} lies below its own`);
    if (!this.#interrupted && !this.#context.isText(this.#ip)) return this.#notCode();
    return true;
  }

  #entry(): OrcEntry {
    if (this.#ip === 0n) return NULL_CALL;
    const entry = this.#context.orc(this.#interrupted ? this.#ip : this.#ip - 1n);
    if (entry) return entry;
    this.#certainty = 'guess';
    this.#guessed = true;
    // After a jump to what is no code, the stack is as the call left it.
    return this.#interrupted && !this.#context.isText(this.#ip) ? NULL_CALL : FRAME_POINTER;
  }

  /** A first frame without ORC, which is where the kernel panics: see `findCallSite`. */
  #takeCallSite(): boolean {
    if (!this.#interrupted || this.#frames.length !== 1 || !this.#stack) return false;
    const found = findCallSite(this.#context, this.#ip, this.#sp, this.#stack.high);
    if (!found) return false;
    this.#ip = found.address;
    this.#sp = addTo(found.slot, 8);
    this.#interrupted = false;
    this.#regs = undefined;
    this.#allRegs = false;
    this.#certainty = 'guess';
    this.#origin = 'call-site';
    return true;
  }

  /** The stack position that the entry's other parts count from. */
  #callersStack(orc: OrcEntry): VirtualAddress | undefined {
    switch (orc.spReg) {
      case ORC_REG.sp:
        return addTo(this.#sp, orc.spOffset);
      case ORC_REG.bp:
        return addTo(this.#bp as VirtualAddress, orc.spOffset);
      case ORC_REG.spIndirect: {
        const value = this.#read(this.#sp);
        return value === undefined ? undefined : addTo(value as VirtualAddress, orc.spOffset);
      }
      case ORC_REG.bpIndirect:
        return this.#read(addTo(this.#bp as VirtualAddress, orc.spOffset)) as VirtualAddress | undefined;
      case ORC_REG.r10:
        return this.#register('r10');
      case ORC_REG.r13:
        return this.#register('r13');
      case ORC_REG.di:
        return this.#register('di');
      case ORC_REG.dx:
        return this.#register('dx');
      default:
        this.#stop('undefined', `ORC counts from register ${orc.spReg}, which has no meaning`);
        return undefined;
    }
  }

  #register(name: RegisterName): VirtualAddress | undefined {
    const value = this.#savedRegister(name);
    if (value === undefined) {
      this.#stop('undefined', `ORC wants ${name} at ${hexAddress(this.#ip)}, which is not known there`);
    }
    return value as VirtualAddress | undefined;
  }

  /** A register of the context that was interrupted, if the frame belongs to one whose registers were saved. */
  #savedRegister(name: RegisterName): bigint | undefined {
    return this.#allRegs ? this.#regs?.get(name) : this.#previousRegs?.get(name);
  }

  /** Takes the caller's `ip` and `sp`; false at the end. */
  #takeAddress(orc: OrcEntry, sp: VirtualAddress): boolean {
    this.#interrupted = orc.signal;
    if (orc.type === 'call') {
      const ip = this.#read(addTo(sp, -8));
      if (ip === undefined) return false;
      this.#ip = ip as VirtualAddress;
      this.#sp = sp;
      this.#regs = undefined;
      this.#previousRegs = undefined;
      this.#allRegs = false;
      this.#regsAt = undefined;
      this.#origin = this.#guessed ? 'frame-pointer' : 'call';
      return true;
    }
    return this.#takeRegisters(orc, sp);
  }

  #takeRegisters(orc: OrcEntry, sp: VirtualAddress): boolean {
    const { size, offsets } = this.#context.ptRegs;
    const partial = orc.type === 'regs-partial';
    // What the CPU pushed is the end of a pt_regs, from `ip` to `ss`.
    const at = partial ? addTo(sp, -offsets.ip) : sp;
    const length = partial ? offsets.ss + 8 - offsets.ip : size;
    if (!this.#reach(sp, BigInt(length))) return false;
    const ip = this.#read(addTo(at, offsets.ip));
    const cs = this.#read(addTo(at, offsets.cs));
    const newSp = this.#read(addTo(at, offsets.sp));
    if (ip === undefined || cs === undefined || newSp === undefined) return false;
    if ((cs & 3n) === 3n) {
      if (!partial) this.#userRegs = at;
      return this.#stop('complete');
    }
    if (partial && this.#allRegs) this.#previousRegs = this.#regs;
    if (!partial) this.#previousRegs = undefined;
    this.#regs = savedRegisters(this.#context.memory, this.#context.ptRegs, at);
    this.#allRegs = !partial;
    this.#regsAt = partial ? undefined : at;
    this.#ip = ip as VirtualAddress;
    this.#sp = newSp as VirtualAddress;
    this.#origin = partial ? 'iret' : 'pt_regs';
    return true;
  }

  /** Takes the caller's `bp`; false at the end. */
  #takeBp(orc: OrcEntry, sp: VirtualAddress): boolean {
    let value: bigint | undefined;
    switch (orc.bpReg) {
      case ORC_REG.undefined:
        this.#bp = this.#savedRegister('bp') ?? this.#bp;
        return true;
      case ORC_REG.prevSp:
        value = this.#read(addTo(sp, orc.bpOffset));
        break;
      case ORC_REG.bp:
        value = this.#read(addTo(this.#bp as VirtualAddress, orc.bpOffset));
        break;
      default:
        return this.#stop('undefined', `ORC counts bp from register ${orc.bpReg}, which has no meaning`);
    }
    if (value === undefined) return false;
    this.#bp = value;
    return true;
  }

  /** A word of a stack; undefined, with the end noted, where it may not or cannot be read. */
  #read(address: VirtualAddress): bigint | undefined {
    if (!this.#reach(address, 8n)) return undefined;
    try {
      return wordAt(this.#context.memory, address);
    } catch (error) {
      if (!(error instanceof DumpError)) throw error;
      this.#stop('absent-memory', error.message);
      return undefined;
    }
  }

  /** Whether bytes lie on the current stack, or on another that was not walked yet, which then is current. */
  #reach(address: VirtualAddress, length: bigint): boolean {
    if (this.#onStack(address, length)) return true;
    const stack = this.#context.stackAt(address);
    if (!stack || this.#visited.has(stack.name) || address + length > stack.high) {
      return this.#stop('off-stack', `${hexAddress(address)} lies on no stack that may follow`);
    }
    this.#visited.add(stack.name);
    this.#stack = stack;
    return true;
  }

  #onStack(address: VirtualAddress, length: bigint): boolean {
    const stack = this.#stack;
    return stack !== undefined && address >= stack.low && address + length <= stack.high;
  }

  #notCode(): false {
    return this.#stop('not-code', `${hexAddress(this.#ip)}, where a return address should be, is no code`);
  }

  #stop(end: UnwindEnd, detail?: string): false {
    this.#end = end;
    this.#detail = detail;
    return false;
  }
}
