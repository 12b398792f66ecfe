import { addTo, type VirtualAddress, virtualAddress } from '../bytes/address.ts';
import { i32 } from '../bytes/cursor.ts';

/** A static address that an instruction of x86-64 has among its bytes. */
export interface CodeOperand {
  readonly address: VirtualAddress;
  /** Whether the instruction works on what lies there, or with the address itself. */
  readonly kind: 'memory' | 'address';
  /** Bytes that it works on: 1, 2, 4 or 8. */
  readonly size: number;
}

/** Forms of an instruction's tail, by opcode: a ModRM byte or none, and how many bytes of constant. */
interface Form {
  readonly modrm: boolean;
  /** 'full' is 4 bytes, 2 with an operand-size prefix. */
  readonly constant: 0 | 1 | 2 | 4 | 'full';
}

const PLAIN: Form = { modrm: false, constant: 0 };
const MODRM: Form = { modrm: true, constant: 0 };
const MODRM_1: Form = { modrm: true, constant: 1 };
const MODRM_FULL: Form = { modrm: true, constant: 'full' };
const CONSTANT_1: Form = { modrm: false, constant: 1 };
const CONSTANT_FULL: Form = { modrm: false, constant: 'full' };
const JUMP: Form = { modrm: false, constant: 4 };

/** Half-open ranges of opcodes of one byte and their forms; others end the reading. */
const ONE_BYTE: readonly (readonly [from: number, to: number, form: Form])[] = [
  [0x50, 0x60, PLAIN],
  [0x63, 0x64, MODRM],
  [0x68, 0x69, CONSTANT_FULL],
  [0x69, 0x6a, MODRM_FULL],
  [0x6a, 0x6b, CONSTANT_1],
  [0x6b, 0x6c, MODRM_1],
  [0x70, 0x80, CONSTANT_1],
  [0x80, 0x81, MODRM_1],
  [0x81, 0x82, MODRM_FULL],
  [0x83, 0x84, MODRM_1],
  [0x84, 0x90, MODRM],
  [0x90, 0x9a, PLAIN],
  [0x9b, 0xa0, PLAIN],
  [0xa4, 0xa8, PLAIN],
  [0xa8, 0xa9, CONSTANT_1],
  [0xa9, 0xaa, CONSTANT_FULL],
  [0xaa, 0xb0, PLAIN],
  [0xb0, 0xb8, CONSTANT_1],
  [0xb8, 0xc0, CONSTANT_FULL],
  [0xc0, 0xc2, MODRM_1],
  [0xc2, 0xc3, { modrm: false, constant: 2 }],
  [0xc3, 0xc4, PLAIN],
  [0xc6, 0xc7, MODRM_1],
  [0xc7, 0xc8, MODRM_FULL],
  [0xc9, 0xca, PLAIN],
  [0xcc, 0xcd, PLAIN],
  [0xd0, 0xd4, MODRM],
  [0xe0, 0xe4, CONSTANT_1],
  [0xe8, 0xea, JUMP],
  [0xeb, 0xec, CONSTANT_1],
  [0xf4, 0xf5, PLAIN],
  [0xf6, 0xf8, MODRM],
  [0xf8, 0xfe, PLAIN],
  [0xfe, 0x100, MODRM],
];

/** The same of opcodes behind 0x0f. */
const TWO_BYTES: typeof ONE_BYTE = [
  [0x01, 0x02, MODRM],
  [0x05, 0x06, PLAIN],
  [0x0b, 0x0c, PLAIN],
  [0x0d, 0x0e, MODRM],
  [0x10, 0x20, MODRM],
  [0x28, 0x30, MODRM],
  [0x30, 0x34, PLAIN],
  [0x40, 0x50, MODRM],
  [0x80, 0x90, JUMP],
  [0x90, 0xa0, MODRM],
  [0xa2, 0xa3, PLAIN],
  [0xa3, 0xa4, MODRM],
  [0xa4, 0xa5, MODRM_1],
  [0xa5, 0xa6, MODRM],
  [0xab, 0xac, MODRM],
  [0xac, 0xad, MODRM_1],
  [0xad, 0xba, MODRM],
  [0xba, 0xbb, MODRM_1],
  [0xbb, 0xc2, MODRM],
  [0xc7, 0xc8, MODRM],
  [0xc8, 0xd0, PLAIN],
];

/**
 * The static addresses in code that starts at `start`, in its order: operands that count from the instruction
 * pointer, absolute ones, and constants of 32 bits that are extended to 64. Those of per-CPU variables, and of
 * calls and jumps, are left out. Reads instruction by instruction up to the first that compilers of a kernel
 * do not make of plain C.
 */
export function codeOperands(code: Uint8Array, start: VirtualAddress): CodeOperand[] {
  const operands: CodeOperand[] = [];
  for (let at = 0; at < code.length; ) {
    const read = readInstruction(code, at);
    if (read === undefined) break;
    at += read.length;
    const { target } = read;
    if (target === undefined) continue;
    const from = target.relative ? addTo(start, at) : virtualAddress(0n);
    const address = virtualAddress(BigInt.asUintN(64, from + BigInt(target.value)));
    operands.push({ address, kind: target.kind, size: target.size });
  }
  return operands;
}

interface Instruction {
  readonly length: number;
  readonly target?: Pick<CodeOperand, 'kind' | 'size'> & {
    readonly value: number;
    /** To the end of the instruction, or absolute. */
    readonly relative: boolean;
  };
}

interface Prefixes {
  readonly length: number;
  readonly shortOperand: boolean;
  readonly perCpu: boolean;
  readonly wide: boolean;
}

const MOST_PREFIXES = 4;

function readPrefixes(code: Uint8Array, start: number): Prefixes {
  let at = start;
  let shortOperand = false;
  let perCpu = false;
  for (; at < start + MOST_PREFIXES; at++) {
    const byte = code[at];
    if (byte === 0x66) shortOperand = true;
    else if (byte === 0x64 || byte === 0x65) perCpu = true;
    else if (byte !== 0xf0 && byte !== 0xf2 && byte !== 0xf3 && byte !== 0x2e && byte !== 0x3e) break;
  }
  const rex = code[at] ?? 0;
  const hasRex = rex >= 0x40 && rex < 0x50;
  if (hasRex) at += 1;
  return { length: at - start, shortOperand, perCpu, wide: hasRex && (rex & 8) !== 0 };
}

/** Undefined where the code ends in an instruction, or has one that is not known. */
function readInstruction(code: Uint8Array, start: number): Instruction | undefined {
  const prefixes = readPrefixes(code, start);
  let at = start + prefixes.length;
  const escaped = code[at] === 0x0f;
  if (escaped) at += 1;
  const opcode = code[at];
  if (opcode === undefined) return undefined;
  at += 1;
  const form = escaped ? formOf(TWO_BYTES, opcode) : oneByteForm(opcode);
  if (form === undefined) return undefined;
  const modrm = form.modrm ? readModrm(code, at) : undefined;
  if (form.modrm && modrm === undefined) return undefined;
  at += modrm?.length ?? 0;
  const bytes = constantBytes(form, escaped, opcode, modrm?.register ?? 0, prefixes);
  const length = at + bytes - start;
  if (start + length > code.length) return undefined;
  const size = operandSize(escaped, opcode, prefixes);
  if (modrm?.place !== undefined && !prefixes.perCpu && size !== undefined) {
    const kind = !escaped && opcode === 0x8d ? 'address' : 'memory';
    return { length, target: { ...modrm.place, kind, size } };
  }
  // Of 64 bits, so that a constant's highest bit is extended.
  if (bytes === 4 && prefixes.wide && form !== JUMP)
    return { length, target: { value: i32(code, at), relative: false, kind: 'address', size: 8 } };
  return { length };
}

function formOf(forms: typeof ONE_BYTE, opcode: number): Form | undefined {
  return forms.find(([from, to]) => opcode >= from && opcode < to)?.[2];
}

/** The eight arithmetical operations come first, with six forms each. */
function oneByteForm(opcode: number): Form | undefined {
  if (opcode >= 0x40) return formOf(ONE_BYTE, opcode);
  const which = opcode & 7;
  if (which < 4) return MODRM;
  return which === 4 ? CONSTANT_1 : which === 5 ? CONSTANT_FULL : undefined;
}

function constantBytes(
  { constant }: Form,
  escaped: boolean,
  opcode: number,
  register: number,
  { shortOperand, wide }: Prefixes,
): number {
  const full = shortOperand ? 2 : 4;
  if (escaped) return constant === 'full' ? full : constant;
  if (opcode >= 0xb8 && opcode < 0xc0 && wide) return 8;
  // `test` is the one of these that has a constant.
  if (opcode === 0xf6) return register < 2 ? 1 : 0;
  if (opcode === 0xf7) return register < 2 ? full : 0;
  return constant === 'full' ? full : constant;
}

/** Bytes that an instruction works on; undefined for those that only hint or have no operand in memory. */
function operandSize(escaped: boolean, opcode: number, prefixes: Prefixes): number | undefined {
  const full = prefixes.wide ? 8 : prefixes.shortOperand ? 2 : 4;
  if (!escaped) {
    if (opcode === 0x63) return 4;
    const byte = opcode < 0x40 || (opcode >= 0x80 && opcode < 0x8c) || opcode >= 0xc0;
    return byte && (opcode & 1) === 0 ? 1 : full;
  }
  if (opcode === 0x0d || (opcode >= 0x18 && opcode < 0x20)) return undefined;
  if (opcode === 0xb6 || opcode === 0xbe || opcode === 0xb0 || opcode === 0xc0) return 1;
  if (opcode >= 0x90 && opcode < 0xa0) return 1;
  return opcode === 0xb7 || opcode === 0xbf ? 2 : full;
}

interface Modrm {
  readonly length: number;
  readonly register: number;
  /** Undefined for a register, and for memory that registers alone tell. */
  readonly place?: { readonly value: number; readonly relative: boolean };
}

function readModrm(code: Uint8Array, at: number): Modrm | undefined {
  const byte = code[at];
  if (byte === undefined) return undefined;
  const mode = byte >> 6;
  const base = byte & 7;
  const register = (byte >> 3) & 7;
  if (mode === 3) return { length: 1, register };
  const indexed = base === 4;
  const sib = indexed ? 1 : 0;
  const absolute = mode === 0 && indexed && ((code[at + 1] ?? 0) & 7) === 5;
  if (mode === 0 && (base === 5 || absolute)) {
    const length = 5 + sib;
    if (at + length > code.length) return undefined;
    return { length, register, place: { value: i32(code, at + 1 + sib), relative: !absolute } };
  }
  return { length: 1 + sib + (mode === 1 ? 1 : mode === 2 ? 4 : 0), register };
}
