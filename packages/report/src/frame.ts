/** One line of a stack trace. */
export interface Frame {
  readonly symbol: string;
  /** `symbol+0x16/0x20`, as printed; the bare name where the log has no offset. */
  readonly place: string;
  /** False for an address the unwinder marked `?`: it lay on the stack, but no frame led to it. */
  readonly reliable: boolean;
  readonly module: string | null;
}

const SYMBOL = String.raw`([A-Za-z_.$][\w.$]*)(\+0x[0-9a-f]+\/0x[0-9a-f]+)`;
/** What may stand before it: `<IRQ>`, one or two addresses, `? `. */
const FRAME = new RegExp(
  String.raw`^\s{0,40}(?:<[A-Z]{3}>\s{1,4})?(?:\(?\[<[0-9a-fx]{4,18}>\]\)? ?|\[[0-9a-f]{8,16}\] ?){0,2}\s{0,4}(\? )?\(?${SYMBOL}\)?(?:\s\[([\w-]+)[^\]]*\])?`,
);
/** arm: `[<8028bd5c>] (dup_fd) from [<80132060>] (copy_process+0x58c/0x1844)`, and ` dup_fd from copy_process+0x58c/0x1844`. */
const ARM_FRAME = new RegExp(
  String.raw`^\s{0,4}(?:\[<[0-9a-f]{4,16}>\] \(([\w.$]+)[^)]{0,40}\)|([\w.$]+)) from (?:\[<[0-9a-f]{4,16}>\] \()?(?:${SYMBOL})?`,
);
/**
 * The frame that a line of a stack trace names: `foo+0x16/0x20 [mod]`, ` ? foo+0x1/0x2`, ` [<c0101234>] foo+0x1/0x2`. A symbolizer's
 * line for an inlined function has no offset and counts for nothing: a stack is to read alike with and without.
 */
export function frameOf(text: string): Frame | null {
  return framesOf(text)[0] ?? null;
}

/** As `frameOf`; a line of arm's names a function and its caller. */
export function framesOf(text: string): Frame[] {
  const match = FRAME.exec(text);
  if (match !== null) {
    const [, doubtful, symbol = '', offset = '', module] = match;
    const reliable = doubtful === undefined && !text.endsWith('(unreliable)');
    return [{ symbol, place: symbol + offset, reliable, module: module ?? null }];
  }
  const arm = text.includes(' from ') ? ARM_FRAME.exec(text) : null;
  if (arm !== null) {
    const [, bracketed, bare, caller, offset = ''] = arm;
    const symbol = bracketed ?? bare ?? '';
    const frames: Frame[] = [{ symbol, place: symbol, reliable: true, module: null }];
    if (caller !== undefined)
      frames.push({ symbol: caller, place: caller + offset, reliable: true, module: null });
    return frames;
  }
  return [];
}

/**
 * Registers' lines that name the kernel function a processor was in: x86's `RIP: 0010:foo+0x1/0x2` and its
 * forebears, arm64's `pc : `, arm's `PC is at `, riscv's and mips's `epc : `, powerpc's `NIP `, s390's
 * `Krnl PSW`. A program's own address has no name.
 */
const COUNTER = new RegExp(
  String.raw`^(?:RIP: [0-9a-f]{4}:|RIP  |E?IP: (?:[0-9a-f]{4}:)?|EIP is at |pc : |PC is at |epc\s{0,8}: |NIP |--- interrupt: \w+ at |Krnl PSW : \w+ \w+ \()\s{0,8}(?:\[<[0-9a-f]{4,16}>\]\s{0,4}|\[[0-9a-f]{8,16}\]\s{0,4}|[0-9a-f]{8,16}\s{1,4}){0,2}${SYMBOL}`,
);

/** The place in the kernel that a line of registers gives (`foo+0x1/0x2`), or null. */
export function counterOf(text: string): string | null {
  const match = COUNTER.exec(text);
  return match === null ? null : `${match[1]}${match[2]}`;
}
