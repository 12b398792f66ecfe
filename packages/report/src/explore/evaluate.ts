import { addTo, type VirtualAddress, virtualAddress } from '@kcrash/vmcore/bytes/address';
import type { TypeId } from '@kcrash/vmcore/describe/btf_type';
import { declare } from '@kcrash/vmcore/describe/type_declaration';
import { type Place, resolveType, sizeOfType } from '@kcrash/vmcore/describe/type_layout';
import type { Dump } from '@kcrash/vmcore/dump';
import { perCpu } from '@kcrash/vmcore/kernel/percpu';
import type { Expression } from './expression.ts';
import { KNOWN_VARIABLES } from './known_variables.ts';
import { QuestionError } from './question_error.ts';
import { orNotDescribed, symbolAt, symbolsNamed } from './symbol_table.ts';

/** A C type, which BTF need not have as a whole: `stars` pointers to it, `length` of them in an array. */
export interface CType {
  readonly id: TypeId;
  readonly stars: number;
  /** Undefined for no array. */
  readonly length: number | undefined;
}

/** What an expression means. */
export type Value =
  /** Something in memory. */
  | { readonly kind: 'object'; readonly type: CType; readonly place: Place; readonly address: VirtualAddress }
  /** A pointer that lies nowhere: `&x`, or a number with a cast. */
  | { readonly kind: 'pointer'; readonly type: CType; readonly value: bigint };

/** Evaluates an expression; a per-CPU variable without a CPU has a value for each. Throws `QuestionError` and `DumpError`. */
export function evaluate(dump: Dump, expression: Expression): { cpu: number | undefined; value: Value }[] {
  const name = perCpuName(dump, expression);
  const cpus = name === undefined ? [undefined] : perCpu(dump).possible;
  return cpus.map((cpu) => ({ cpu, value: new Evaluation(dump, cpu).value(expression) }));
}

/** The per-CPU variable whose CPU the expression leaves open. */
function perCpuName(dump: Dump, expression: Expression): string | undefined {
  if (expression.kind === 'number') return undefined;
  if (expression.kind !== 'name') return perCpuName(dump, expression.of);
  return expression.cpu === undefined && perCpuType(dump, expression.name) !== undefined
    ? expression.name
    : undefined;
}

/** Type of a per-CPU variable, which BTF tells. */
function perCpuType(dump: Dump, name: string): TypeId | undefined {
  return orNotDescribed(() => {
    const { btf } = dump.types;
    const section = btf.find('datasec', '.data..percpu');
    const variable = btf.find('var', name);
    const type = section === undefined ? undefined : btf.type(section);
    const isIn = type?.kind === 'datasec' && type.variables.some((item) => item.type === variable);
    const found = variable !== undefined && isIn ? btf.type(variable) : undefined;
    return found?.kind === 'var' ? found.type : undefined;
  });
}

class Evaluation {
  readonly #dump: Dump;
  readonly #cpu: number | undefined;

  constructor(dump: Dump, cpu: number | undefined) {
    this.#dump = dump;
    this.#cpu = cpu;
  }

  value(expression: Expression): Value {
    switch (expression.kind) {
      case 'name':
        return this.#variable(expression.name, expression.cpu ?? this.#cpu, undefined);
      case 'number':
        throw new QuestionError('syntax', 'A number alone has no type');
      case 'cast':
        return this.#cast(expression.type, expression.of);
      case 'member':
        return this.#member(this.value(expression.of), expression.name);
      case 'index':
        return this.#element(this.value(expression.of), expression.index);
      case 'star':
        return this.#target(this.value(expression.of), 0);
      case 'address':
        return this.#addressOf(this.value(expression.of));
    }
  }

  #variable(name: string, cpu: number | undefined, said: string | undefined): Value {
    const ofCpu = perCpuType(this.#dump, name);
    if (ofCpu !== undefined && cpu !== undefined) {
      const type = said === undefined ? { id: ofCpu, stars: 0, length: undefined } : this.#parseType(said);
      return object(type, perCpu(this.#dump).variable(name, cpu));
    }
    const [symbol, ...others] = symbolsNamed(this.#dump, name);
    if (symbol === undefined) {
      throw new QuestionError('no-symbol', `The kernel has no variable ${name}`);
    }
    if (others.length > 0) {
      const places = [symbol, ...others].map(({ address }) => `0x${address.toString(16)}`).join(', ');
      throw new QuestionError('several-symbols', `${name} names several symbols, at ${places}`);
    }
    const declared = said ?? KNOWN_VARIABLES[name];
    const type = declared === undefined ? undefined : this.#parseType(declared, symbol.address);
    if (type !== undefined && (said !== undefined || this.#fits(type, symbol.address))) {
      return object(type, symbol.address);
    }
    throw new QuestionError('untyped', `The dump does not tell the type of ${name}`);
  }

  /** Whether a variable of this type can lie here: the next symbol comes after it. */
  #fits(type: CType, address: VirtualAddress): boolean {
    const room = orNotDescribed(() => symbolAt(this.#dump, address))?.size;
    return room === undefined || this.#sizeOf(type) <= room;
  }

  #cast(type: string, of: Expression): Value {
    if (of.kind === 'name') return this.#variable(of.name, of.cpu ?? this.#cpu, type);
    const wanted = this.#parseType(type);
    if (wanted.stars === 0 || wanted.length !== undefined) {
      throw new QuestionError(
        'syntax',
        `(${type}) is no pointer, and only a variable’s name can be given such a type`,
      );
    }
    const value = of.kind === 'number' ? of.value : this.#pointer(this.value(of));
    return { kind: 'pointer', type: wanted, value };
  }

  /** `length` of `T[]` is what fits before the next symbol. */
  #parseType(text: string, at?: VirtualAddress): CType {
    const [, name = '', stars = '', , array, count = ''] =
      /^(.*?)\s*((\*\s*)*)(\[(\d*)\])?$/.exec(text.trim()) ?? [];
    const id = this.#dump.types.findId(name) ?? (name === 'void' ? 0 : undefined);
    if (id === undefined) {
      throw new QuestionError('no-type', `The kernel has no type ${name}`);
    }
    const type = { id, stars: stars.replace(/\s/g, '').length, length: undefined };
    if (array === undefined) return type;
    if (count !== '') return { ...type, length: Number(count) };
    const room = at === undefined ? 0 : (orNotDescribed(() => symbolAt(this.#dump, at))?.size ?? 0);
    return { ...type, length: Math.floor(room / this.#sizeOf(type)) };
  }

  #sizeOf({ id, stars, length }: CType): number {
    return (stars > 0 ? 8 : sizeOfType(this.#dump.types.btf, id)) * (length ?? 1);
  }

  /** C lets only `->` follow a pointer; both are taken here. */
  #member(of: Value, name: string): Value {
    const struct = this.#isPointer(of) ? this.#target(of, 0) : of;
    if (struct.kind !== 'object' || struct.type.stars > 0 || struct.type.length !== undefined) {
      throw new QuestionError('wrong-type', `${this.#nameOf(of.type)} has no members`);
    }
    const inner = this.#dump.types.place(struct.type.id, name);
    const place = { ...inner, bitOffset: struct.place.bitOffset + inner.bitOffset };
    return { ...struct, type: { id: inner.type, stars: 0, length: undefined }, place };
  }

  #element(of: Value, index: number): Value {
    if (of.type.length !== undefined && of.kind === 'object') {
      const type = { ...of.type, length: undefined };
      if (index >= of.type.length) {
        throw noElement(of.type.length, index);
      }
      return object(type, addTo(of.address, index * this.#sizeOf(type)));
    }
    if (this.#isPointer(of)) return this.#target(of, index);
    const { btf } = this.#dump.types;
    const { type } = resolveType(btf, of.type.id);
    if (of.kind !== 'object' || of.type.stars > 0 || type.kind !== 'array') {
      throw new QuestionError('wrong-type', `${this.#nameOf(of.type)} is no array`);
    }
    // A flexible array has length 0 and any index.
    if (type.length !== 0 && index >= type.length) {
      throw noElement(type.length, index);
    }
    const bitOffset = of.place.bitOffset + index * sizeOfType(btf, type.element) * 8;
    return {
      ...of,
      type: { id: type.element, stars: 0, length: undefined },
      place: { type: type.element, bitOffset, bitSize: 0 },
    };
  }

  #addressOf(of: Value): Value {
    if (of.kind === 'pointer' || of.place.bitSize !== 0 || of.place.bitOffset % 8 !== 0) {
      throw new QuestionError('syntax', '& is applied to what is neither a variable nor a member');
    }
    const value = addTo(of.address, of.place.bitOffset / 8);
    return { kind: 'pointer', type: { ...of.type, stars: of.type.stars + 1, length: undefined }, value };
  }

  #isPointer({ type }: Value): boolean {
    if (type.length !== undefined) return false;
    return type.stars > 0 || resolveType(this.#dump.types.btf, type.id).type.kind === 'ptr';
  }

  #pointer(of: Value): bigint {
    if (!this.#isPointer(of)) {
      throw new QuestionError('wrong-type', `${this.#nameOf(of.type)} is no pointer, and cannot be followed`);
    }
    if (of.kind === 'pointer') return of.value;
    return this.#dump.memory.pointer(addTo(of.address, of.place.bitOffset / 8));
  }

  /** What a pointer points to, or the n-th such thing behind it. */
  #target(of: Value, index: number): Value {
    const pointer = this.#pointer(of);
    const { btf } = this.#dump.types;
    const resolved = resolveType(btf, of.type.id).type;
    const type =
      of.type.stars > 0
        ? { ...of.type, stars: of.type.stars - 1 }
        : { id: resolved.kind === 'ptr' ? resolved.type : 0, stars: 0, length: undefined };
    if (pointer === 0n)
      throw new QuestionError('nothing-there', `The pointer is NULL, a ${this.#nameOf(of.type)}`);
    const target = resolveType(btf, type.id).type.kind;
    if (type.stars === 0 && (target === 'void' || target === 'func_proto')) {
      throw new QuestionError('untyped', `A ${this.#nameOf(of.type)} does not tell what it points to`);
    }
    return object(type, addTo(virtualAddress(pointer), index === 0 ? 0 : index * this.#sizeOf(type)));
  }

  #nameOf(type: CType): string {
    return typeText(this.#dump, type);
  }
}

function object(type: CType, address: VirtualAddress): Value {
  return { kind: 'object', type, place: wholeOf(type.id), address };
}

/** The place of a whole object of a type. */
export function wholeOf(type: TypeId): Place {
  return { type, bitOffset: 0, bitSize: 0 };
}

function noElement(length: number, index: number): QuestionError {
  return new QuestionError(
    'nothing-there',
    `The array has ${length} elements, the first is 0; none is ${index}`,
  );
}

/** `struct task_struct *`, `unsigned long [3]`. */
export function typeText(dump: Dump, { id, stars, length }: CType): string {
  const pointers = '*'.repeat(stars);
  return declare(dump.types.btf, id, `${pointers}${length === undefined ? '' : `[${length}]`}`);
}
