import { joinHalves } from '../bytes/cursor.ts';
import { KIND, kindOfInfo, vlenOfInfo } from './btf_format.ts';
import type { BtfStrings } from './btf_strings.ts';
import type { BtfType, EnumType, IntType, Member, StructType } from './btf_type.ts';

/** A `struct btf_type` with what follows it, whole in `words` from `start` on. */
export interface TypeRecord {
  readonly words: Uint32Array;
  readonly start: number;
}

const LINKAGES = ['static', 'global', 'extern'] as const;
const INT_SIGNED = 1;
const INT_CHAR = 2;
const INT_BOOL = 4;

/** Turns one record into an object. Throws `bad-format` for a name outside the strings. */
export function decodeType(record: TypeRecord, strings: BtfStrings): BtfType {
  const { words, start } = record;
  const info = words[start + 1] as number;
  // The third word is a size for some kinds and a type number for the others.
  const third = words[start + 2] as number;
  const name = strings.text(words[start] as number);
  const number = kindOfInfo(info);
  switch (number) {
    case KIND.int:
      return decodeInt(words[start + 3] as number, name, third);
    case KIND.ptr:
      return { kind: 'ptr', type: third };
    case KIND.array:
      return {
        kind: 'array',
        element: words[start + 3] as number,
        index: words[start + 4] as number,
        length: words[start + 5] as number,
      };
    case KIND.struct:
    case KIND.union:
      return decodeStruct(record, strings, name, number === KIND.struct ? 'struct' : 'union');
    case KIND.enum:
    case KIND.enum64:
      return decodeEnum(record, strings, name, number === KIND.enum64);
    case KIND.fwd:
      return { kind: 'fwd', name, of: info >>> 31 === 0 ? 'struct' : 'union' };
    case KIND.typedef:
      return { kind: 'typedef', name, type: third };
    case KIND.typeTag:
      return { kind: 'type_tag', name, type: third };
    case KIND.volatile:
      return { kind: 'volatile', type: third };
    case KIND.const:
      return { kind: 'const', type: third };
    case KIND.restrict:
      return { kind: 'restrict', type: third };
    case KIND.float:
      return { kind: 'float', name, size: third };
    default:
      return decodeObject(record, strings, name);
  }
}

function decodeObject(record: TypeRecord, strings: BtfStrings, name: string): BtfType {
  const { words, start } = record;
  const info = words[start + 1] as number;
  const type = words[start + 2] as number;
  const number = kindOfInfo(info);
  switch (number) {
    case KIND.func:
      return { kind: 'func', name, type, linkage: LINKAGES[vlenOfInfo(info)] ?? 'extern' };
    case KIND.funcProto:
      return {
        kind: 'func_proto',
        returns: type,
        parameters: items(record, 3, 2, (at) => ({
          name: strings.text(words[at] as number),
          type: words[at + 1] as number,
        })),
      };
    case KIND.var:
      return { kind: 'var', name, type, linkage: LINKAGES[words[start + 3] as number] ?? 'extern' };
    case KIND.datasec:
      return {
        kind: 'datasec',
        name,
        size: type,
        variables: items(record, 3, 3, (at) => ({
          type: words[at] as number,
          offset: words[at + 1] as number,
          size: words[at + 2] as number,
        })),
      };
    case KIND.declTag:
      return { kind: 'decl_tag', name, type, component: (words[start + 3] as number) | 0 };
    default:
      return { kind: 'unknown', number };
  }
}

function decodeInt(encoding: number, name: string, size: number): IntType {
  const flags = encoding >>> 24;
  return {
    kind: 'int',
    name,
    size,
    signed: (flags & INT_SIGNED) !== 0,
    char: (flags & INT_CHAR) !== 0,
    bool: (flags & INT_BOOL) !== 0,
    bitOffset: (encoding >>> 16) & 0xff,
    bits: encoding & 0xff,
  };
}

function decodeStruct(
  record: TypeRecord,
  strings: BtfStrings,
  name: string,
  kind: 'struct' | 'union',
): StructType {
  const { words, start } = record;
  // With kind_flag, the top byte of a member's offset is the width of a bit field.
  const withBitSizes = (words[start + 1] as number) >>> 31 === 1;
  const members = items(record, 3, 3, (at): Member => {
    const offset = words[at + 2] as number;
    return {
      name: strings.text(words[at] as number),
      type: words[at + 1] as number,
      bitOffset: withBitSizes ? offset & 0xff_ffff : offset,
      bitSize: withBitSizes ? offset >>> 24 : 0,
    };
  });
  return { kind, name, size: words[start + 2] as number, members };
}

function decodeEnum(record: TypeRecord, strings: BtfStrings, name: string, wide: boolean): EnumType {
  const { words, start } = record;
  // kind_flag: the enumerators are signed. Kernels before 6.0 never set it.
  const flag = (words[start + 1] as number) >>> 31 === 1;
  const values = items(record, 3, wide ? 3 : 2, (at) => {
    const low = words[at + 1] as number;
    const whole = wide ? joinHalves(words[at + 2] as number, low) : BigInt(low);
    return {
      name: strings.text(words[at] as number),
      value: flag ? BigInt.asIntN(wide ? 64 : 32, whole) : whole,
    };
  });
  return { kind: 'enum', name, size: words[start + 2] as number, signed: flag, values };
}

function items<T>(record: TypeRecord, first: number, words: number, decode: (at: number) => T): T[] {
  const out: T[] = [];
  const count = vlenOfInfo(record.words[record.start + 1] as number);
  for (let n = 0; n < count; n++) out.push(decode(record.start + first + n * words));
  return out;
}
