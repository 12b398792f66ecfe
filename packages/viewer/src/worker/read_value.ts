import { evaluate, typeText, type Value } from '@kcrash/report/explore/evaluate';
import { parseExpression } from '@kcrash/report/explore/expression';
import { placeOf } from '@kcrash/report/explore/symbol_table';
import { addTo, hexAddress, virtualAddress } from '@kcrash/vmcore/bytes/address';
import { DumpError } from '@kcrash/vmcore/bytes/errors';
import { fieldText } from '@kcrash/vmcore/bytes/text';
import type { BtfType, TypeId } from '@kcrash/vmcore/describe/btf_type';
import { declare } from '@kcrash/vmcore/describe/type_declaration';
import { type Place, resolveType, sizeOfType } from '@kcrash/vmcore/describe/type_layout';
import { byteArrayLength, numberLayout, readBig } from '@kcrash/vmcore/describe/type_value';
import type { Dump } from '@kcrash/vmcore/dump';
import { listEntries } from '@kcrash/vmcore/kernel/list';
import type { ListAnswer, ValueAnswer, ValueNode } from '../protocol.ts';

const MOST_ELEMENTS = 256;
const MOST_MEMBERS = 2000;
const MOST_TEXT = 512;
const MOST_OBJECTS = 1000;

type ObjectValue = Value & { readonly kind: 'object' };

/** What an expression means, with its members or elements. Throws `QuestionError` and `DumpError`. */
export function readValue(dump: Dump, expression: string): ValueAnswer[] {
  return evaluate(dump, parseExpression(expression)).map(({ cpu, value }) => {
    const whole = nodeOf(dump, { label: '', expression: withCpu(expression, cpu), offset: null }, value);
    const all = value.kind === 'object' ? partsOf(dump, whole.expression, value) : { parts: [], left: 0 };
    return { cpu: cpu ?? null, whole, ...all };
  });
}

/** `runqueues.nr_running` of one CPU: `runqueues:1.nr_running`. */
function withCpu(expression: string, cpu: number | undefined): string {
  if (cpu === undefined) return expression;
  const variable = /^(.*?[&*(\s]|)([A-Za-z_]\w*)(?=$|[.[\s-])/.exec(expression);
  if (variable === null) return expression;
  const [whole, before = '', name = ''] = variable;
  return `${before}${name}:${cpu}${expression.slice(whole.length)}`;
}

interface Named {
  readonly label: string;
  readonly expression: string;
  readonly offset: number | null;
}

function nodeOf(dump: Dump, named: Named, value: Value): ValueNode {
  const base = { ...named, type: typeText(dump, value.type), missing: null, list: false };
  if (value.kind === 'pointer') {
    const pointer = pointerOf(dump, value.value, `*(${base.type})${hexAddress(value.value)}`);
    return { ...base, address: null, text: hexAddress(value.value), pointer, parts: false };
  }
  const address = hexAddress(addTo(value.address, Math.floor(value.place.bitOffset / 8)));
  const type = resolveType(dump.types.btf, value.type.id).type;
  const at = { ...base, address };
  try {
    if (value.type.stars > 0 && value.type.length === undefined) {
      const target = dump.memory.pointer(value.address);
      return {
        ...at,
        text: hexAddress(target),
        pointer: pointerOf(dump, target, `*(${base.type})${hexAddress(target)}`),
        parts: false,
      };
    }
    if (hasParts(dump, value, type)) {
      const list = type.kind === 'struct' && type.name === 'list_head';
      return { ...at, text: null, pointer: null, parts: true, list };
    }
    return { ...at, ...scalar(dump, value, type), parts: false };
  } catch (error) {
    if (!(error instanceof DumpError) || error.code === 'io') throw error;
    return { ...at, text: null, missing: error.message, pointer: null, parts: false };
  }
}

function hasParts(dump: Dump, { type: { length }, place }: ObjectValue, type: BtfType): boolean {
  if (length !== undefined) return true;
  if (type.kind === 'struct' || type.kind === 'union') return true;
  return type.kind === 'array' && byteArrayLength(dump.types.btf, place) === undefined;
}

function scalar(
  dump: Dump,
  { place, address }: ObjectValue,
  type: BtfType,
): Pick<ValueNode, 'text' | 'pointer'> {
  const { types, memory } = dump;
  const bytes = byteArrayLength(types.btf, place);
  if (bytes !== undefined) {
    const text = fieldText(memory.read(addTo(address, place.bitOffset / 8), Math.min(bytes, MOST_TEXT)));
    return { text: JSON.stringify(text), pointer: null };
  }
  const layout = numberLayout(types.btf, place);
  if (layout === undefined) return { text: `(${type.kind})`, pointer: null };
  const value = readBig(memory.read(addTo(address, layout.at), layout.size), -layout.at, layout);
  if (type.kind === 'ptr') {
    const pointer = pointerOf(dump, value, followed(dump, type.type, value));
    const text = isText(dump, type.type) ? textAt(dump, value) : undefined;
    return {
      text: value === 0n ? 'NULL' : text === undefined ? hexAddress(value) : JSON.stringify(text),
      pointer,
    };
  }
  if (type.kind === 'enum') {
    const name = types.enumeratorName(type, value);
    return { text: name === undefined ? String(value) : `${name} (${value})`, pointer: null };
  }
  if (type.kind === 'int' && type.bool) return { text: value === 0n ? 'false' : 'true', pointer: null };
  return { text: numberText(value), pointer: null };
}

function numberText(value: bigint): string {
  return value > 9n || value < -9n ? `${value} (0x${BigInt.asUintN(64, value).toString(16)})` : String(value);
}

function pointerOf(dump: Dump, to: bigint, follow: string | null): ValueNode['pointer'] {
  if (to === 0n) return null;
  return { to: hexAddress(to), symbol: placeOf(dump, to) ?? null, follow };
}

/** An expression for what a pointer leads to; null where C gives it no size. */
function followed(dump: Dump, target: TypeId, value: bigint): string | null {
  const { btf } = dump.types;
  const { type } = resolveType(btf, target);
  if (type.kind === 'void' || type.kind === 'func_proto' || type.kind === 'fwd' || type.kind === 'array')
    return null;
  const name = declare(btf, target, '*').replace(/\b(?:const|volatile) /g, '');
  return /\{…\}|\(/.test(name) ? null : `*(${name})${hexAddress(value)}`;
}

function isText(dump: Dump, target: TypeId): boolean {
  const { type } = resolveType(dump.types.btf, target);
  return type.kind === 'int' && type.name === 'char';
}

function textAt(dump: Dump, at: bigint): string | undefined {
  const address = virtualAddress(at);
  return dump.memory.tryRead(address, 1) === undefined ? undefined : dump.memory.cString(address, MOST_TEXT);
}

function partsOf(dump: Dump, expression: string, value: ObjectValue): { parts: ValueNode[]; left: number } {
  const { btf } = dump.types;
  const of = /^[*&]/.test(expression) ? `(${expression})` : expression;
  if (value.type.length !== undefined) return elements(dump, of, value, value.type.length);
  if (value.type.stars > 0) return { parts: [], left: 0 };
  const { type } = resolveType(btf, value.type.id);
  if (type.kind === 'array' && byteArrayLength(btf, value.place) === undefined) {
    return elements(dump, of, value, type.length);
  }
  if (type.kind !== 'struct' && type.kind !== 'union') return { parts: [], left: 0 };
  const members = [...dump.types.members(value.type.id)];
  const parts = members.slice(0, MOST_MEMBERS).map(([name, inner]) => {
    const place = { ...inner, bitOffset: value.place.bitOffset + inner.bitOffset };
    const member: Value = { ...value, type: { id: inner.type, stars: 0, length: undefined }, place };
    const named = { label: name, expression: `${of}.${name}`, offset: Math.floor(inner.bitOffset / 8) };
    return nodeOf(dump, named, member);
  });
  return { parts, left: Math.max(0, members.length - MOST_MEMBERS) };
}

function elements(
  dump: Dump,
  of: string,
  value: ObjectValue,
  length: number,
): { parts: ValueNode[]; left: number } {
  const { btf } = dump.types;
  const { type } = resolveType(btf, value.type.id);
  const own = value.type.length === undefined && type.kind === 'array';
  const id = own ? type.element : value.type.id;
  const stars = own ? 0 : value.type.stars;
  const size = stars > 0 ? 8 : sizeOfType(btf, id);
  const parts = Array.from({ length: Math.min(length, MOST_ELEMENTS) }, (_, n) => {
    const place: Place = { type: id, bitOffset: 0, bitSize: 0 };
    const address = addTo(value.address, Math.floor(value.place.bitOffset / 8) + n * size);
    const element: Value = { kind: 'object', type: { id, stars, length: undefined }, place, address };
    return nodeOf(dump, { label: `[${n}]`, expression: `${of}[${n}]`, offset: n * size }, element);
  });
  return { parts, left: Math.max(0, length - MOST_ELEMENTS) };
}

/** Members that tell of an object what it is. */
const TELLING = ['comm', 'name', 's_id', 'id', 'pid', 'ifname'];

/** The objects on a list, each with a word on what it is. Throws what reading memory throws. */
export function readList(dump: Dump, head: string, type: string, member: string): ListAnswer {
  const { entries, problem } = listEntries(dump, virtualAddress(BigInt(head)), type, member, MOST_OBJECTS);
  const telling = TELLING.find((name) => dump.types.has(type, name));
  const named = dump.types.nameOf(dump.types.id(type));
  return {
    objects: entries.map((address) => {
      const expression = `*(${named} *)${hexAddress(address)}`;
      return {
        expression,
        address: hexAddress(address),
        words: telling === undefined ? '' : wordsOf(dump, `(${expression}).${telling}`),
      };
    }),
    problem: problem ?? null,
  };
}

function wordsOf(dump: Dump, expression: string): string {
  try {
    return readValue(dump, expression)[0]?.whole.text ?? '';
  } catch (error) {
    if (error instanceof DumpError && error.code !== 'io') return '';
    throw error;
  }
}
