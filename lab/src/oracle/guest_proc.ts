// What the guest's files of /proc say, line by line.

/** A line of /proc/kallsyms. */
export interface GuestSymbol {
  /** 16 hexadecimal digits. */
  readonly address: string;
  readonly type: string;
  readonly name: string;
  /** Undefined for the kernel's own. */
  readonly module: string | undefined;
}

export function parseKallsyms(text: string): GuestSymbol[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([0-9a-f]{16}) (.) (\S+)(?:\t\[(.+)\])?$/.exec(line);
    if (match === null) return [];
    const [, address = '', type = '', name = '', module] = match;
    return [{ address, type, name, module }];
  });
}

/** Addresses `[start, end)` of the functions that the kernel leaves out of /proc/PID/stack. */
export function schedulerRanges(symbols: readonly GuestSymbol[]): [start: bigint, end: bigint][] {
  const of = (name: string) => {
    const found = symbols.find((symbol) => symbol.name === name && symbol.module === undefined);
    return found === undefined ? undefined : BigInt(`0x${found.address}`);
  };
  return ['sched', 'lock'].flatMap((part): [bigint, bigint][] => {
    const start = of(`__${part}_text_start`);
    const end = of(`__${part}_text_end`);
    return start === undefined || end === undefined ? [] : [[start, end]];
  });
}

/** A line of /proc/modules. */
export interface GuestModule {
  readonly name: string;
  readonly sizeBytes: number;
  readonly references: number;
  readonly users: readonly string[];
  readonly state: string;
  readonly base: string;
  readonly taints: string;
}

export function parseModules(text: string): GuestModule[] {
  return text.split('\n').flatMap((line) => {
    const match = /^(\S+) (\d+) (\d+) (\S+) (\S+) (0x[0-9a-f]+)(?: \((.*)\))?\s*$/.exec(line);
    if (match === null) return [];
    const [, name = '', size, references, users = '', state = '', base = '', taints = ''] = match;
    return [
      {
        name,
        sizeBytes: Number(size),
        references: Number(references),
        users: users.split(',').filter((user) => user !== '' && user !== '-' && user !== '[permanent]'),
        state,
        base,
        taints,
      },
    ];
  });
}

/** A line of /proc/mounts. */
export interface GuestMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  /** Those that every file system has, such as `rw` and `nosuid`; not a file system's own. */
  readonly options: readonly string[];
}

const COMMON_OPTIONS = new Set(
  'rw ro sync dirsync mand lazytime nosuid nodev noexec noatime nodiratime relatime nosymfollow'.split(' '),
);

export function parseMounts(text: string): GuestMount[] {
  return text.split('\n').flatMap((line) => {
    const [source, target, type, options] = line.split(' ').map(unescapeOctal);
    if (source === undefined || target === undefined || type === undefined || options === undefined)
      return [];
    return [{ source, target, type, options: options.split(',').filter((each) => COMMON_OPTIONS.has(each)) }];
  });
}

function unescapeOctal(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

/** Columns of /proc/net/dev that a report has too, by the report's name. */
const NETWORK_COLUMNS = {
  receivedBytes: 0,
  receivedPackets: 1,
  receiveErrors: 2,
  receiveDropped: 3,
  multicast: 7,
  sentBytes: 8,
  sentPackets: 9,
  sendErrors: 10,
  sendDropped: 11,
  collisions: 13,
} as const;

/** Counters of each device in /proc/net/dev. */
export function parseNetDev(text: string): Map<string, Record<keyof typeof NETWORK_COLUMNS, number>> {
  const devices = new Map<string, Record<keyof typeof NETWORK_COLUMNS, number>>();
  for (const line of text.split('\n')) {
    const match = /^\s*(\S+):\s*(\d[\d\s]*)$/.exec(line);
    if (match === null) continue;
    const numbers = (match[2] ?? '').trim().split(/\s+/).map(Number);
    const counters = Object.entries(NETWORK_COLUMNS).map(([name, column]) => [name, numbers[column]]);
    devices.set(match[1] ?? '', Object.fromEntries(counters));
  }
  return devices;
}

/** Bytes by name of /proc/meminfo. */
export function parseMeminfo(text: string): Map<string, number> {
  const lines = text.matchAll(/^(\S+):\s+(\d+) kB$/gm);
  return new Map([...lines].map(([, name = '', kilobytes]) => [name, Number(kilobytes) * 1024]));
}

/** Bytes by name of /proc/partitions, disks and partitions alike. */
export function parsePartitions(text: string): Map<string, number> {
  const lines = text.matchAll(/^\s*\d+\s+\d+\s+(\d+)\s+(\S+)$/gm);
  return new Map([...lines].map(([, kilobytes, name = '']) => [name, Number(kilobytes) * 1024]));
}

/** What `ip -o addr` prints: `lo 127.0.0.1/8` an address. */
export function parseAddresses(text: string): string[] {
  return [...text.matchAll(/^\d+: (\S+)\s+inet6? (\S+\/\d+)/gm)].map(
    ([, name, address]) => `${name} ${address}`,
  );
}

/** A record of /dev/kmsg. */
export interface GuestRecord {
  readonly sequence: number;
  readonly microseconds: number;
  readonly level: number;
  readonly facility: number;
  /** Bytes that are no printable ASCII stand as `\x0a`. */
  readonly text: string;
  /** The same of `NAME=value` each. */
  readonly dictionary: readonly string[];
}

export function parseKmsg(text: string): GuestRecord[] {
  const records: { -readonly [K in keyof GuestRecord]: GuestRecord[K] }[] = [];
  for (const line of text.split('\n')) {
    const match = /^(\d+),(\d+),(\d+),[^;]*;(.*)$/.exec(line);
    const last = records.at(-1);
    if (match !== null) {
      const [, priority, sequence, microseconds, message = ''] = match;
      records.push({
        sequence: Number(sequence),
        microseconds: Number(microseconds),
        level: Number(priority) & 7,
        facility: Number(priority) >> 3,
        text: message,
        dictionary: [],
      });
    } else if (line.startsWith(' ') && last !== undefined) {
      last.dictionary = [...last.dictionary, line.slice(1)];
    }
  }
  return records;
}

/** Bytes as /dev/kmsg writes them. */
export function kmsgText(text: string): string {
  let escaped = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x5c;
    escaped += plain ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return escaped;
}
