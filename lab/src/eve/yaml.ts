/** A value of a YAML document. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [key: string]: Yaml };

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/**
 * Reads the part of YAML that a linuxkit `build.yml` uses: mappings and sequences in block style, plain and
 * quoted scalars, comments. Anything else (flow style, anchors, block scalars, tabs) is an error that names its
 * line: a file that this reads means the same to every YAML reader.
 */
export function parseYaml(text: string): Yaml {
  const lines = text.split('\n').flatMap((raw, index): Line[] => {
    const trimmed = raw.trim();
    if (trimmed === '' || trimmed.startsWith('#')) return [];
    if (raw.includes('\t')) throw new Error(`line ${index + 1}: a tab`);
    return [{ number: index + 1, indent: raw.length - raw.trimStart().length, text: trimmed }];
  });
  const reader = new BlockReader(lines);
  const value = reader.block(0);
  reader.expectEnd();
  return value;
}

class BlockReader {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  expectEnd(): void {
    const line = this.#lines[this.#at];
    if (line !== undefined)
      throw new Error(`line ${line.number}: indented by ${line.indent}, which fits nothing`);
  }

  /** The mapping or sequence that starts at the next line and is indented by at least `from`. */
  block(from: number): Yaml {
    const line = this.#lines[this.#at];
    if (line === undefined || line.indent < from) {
      throw new Error(
        `line ${line?.number ?? 'after the last'}: wanted a value, indented by ${from} or more`,
      );
    }
    return /^-( |$)/.test(line.text) ? this.#sequence(line.indent) : this.#mapping(line.indent);
  }

  #sequence(indent: number): Yaml[] {
    const items: Yaml[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      if (!line.text.startsWith('- ')) break;
      const rest = line.text.slice(2).trimStart();
      const column = indent + line.text.length - rest.length;
      if (isEntry(rest)) {
        // A mapping that starts on the dash's own line: its keys are indented to where the first one stands.
        this.#lines[this.#at] = { ...line, indent: column, text: rest };
        items.push(this.#mapping(column));
      } else {
        this.#at += 1;
        items.push(scalar(rest, line));
      }
    }
    return items;
  }

  #mapping(indent: number): { readonly [key: string]: Yaml } {
    const entries: [string, Yaml][] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const match = /^([\w.-]+):(?: +(.*))?$/.exec(line.text);
      if (match === null)
        throw new Error(`line ${line.number}: "${line.text}"; wanted "key: value" or "key:"`);
      const [, key = '', value] = match;
      if (entries.some(([name]) => name === key)) throw new Error(`line ${line.number}: ${key} twice`);
      this.#at += 1;
      entries.push([key, value === undefined ? this.#valueBelow(line) : scalar(value, line)]);
    }
    return Object.fromEntries(entries);
  }

  /** YAML lets a sequence below a key stand at the key's own indentation. */
  #valueBelow({ indent }: Line): Yaml {
    const next = this.#lines[this.#at];
    return this.block(next?.text.startsWith('- ') === true ? indent : indent + 1);
  }
}

function isEntry(text: string): boolean {
  return /^[\w.-]+:( |$)/.test(text);
}

function scalar(raw: string, line: Line): Yaml {
  const quoted = /^(?:'([^']*)'|"([^"\\]*)")(?: +#.*)?$/.exec(raw);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  const text = raw.replace(/ +#.*$/, '');
  if (text === '' || /^[[\]{},&*!|>'"%@`?-]( |$)|^[[{&*!|>'"%@`]|: |:$/.test(text)) {
    throw new Error(`line ${line.number}: "${raw}" is not a plain or quoted scalar`);
  }
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(0|[1-9]\d*)$/.test(text) ? Number(text) : text;
}
