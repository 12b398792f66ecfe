/**
 * What a dump tells of a crash, as data: plain values that JSON keeps as they are. docs/report-schema.md says the
 * same in prose; docs/report.schema.json is its JSON Schema. `null` is what is not known or does not apply; where
 * the dump fails to tell what it should, `problems` says why.
 */

/** Name and version of the format. The number grows when a field goes or changes its meaning; new fields may come. */
export const SCHEMA = 'kcrash-report/1';

/** A virtual address or a 64-bit word: `0x` and 16 hexadecimal digits. */
export type Hex = string;

/** A section of the report that may fail on its own. */
export type SectionName =
  | 'container'
  | 'title'
  | 'when'
  | 'machine'
  | 'panic'
  | 'cpus'
  | 'tasks'
  | 'waits'
  | 'memory'
  | 'modules'
  | 'taint'
  | 'mounts'
  | 'network'
  | 'disks'
  | 'timers'
  | 'work'
  | 'sysctls'
  | 'log';

/** What the dump did not tell, and why. */
export interface Problem {
  readonly section: SectionName;
  readonly message: string;
}

/** One function of a stack. */
export interface ReportFrame {
  readonly address: Hex;
  readonly symbol: string | null;
  /** Bytes from the symbol's start. */
  readonly offset: number | null;
  /** Bytes of the symbol. */
  readonly size: number | null;
  /** Null for the kernel's own code. */
  readonly module: string | null;
  readonly certainty: 'exact' | 'guess';
  /** Name of the stack: `task`, `irq`, `nmi` … */
  readonly stack: string | null;
  /** Whether `address` is an instruction that was interrupted; else it is where a call returns to. */
  readonly interrupted: boolean;
}

/** Where a stack ended: `complete`, or why it could not be followed further. */
export interface StackEnd {
  readonly reason: string;
  /** One sentence; null for a complete stack. */
  readonly detail: string | null;
}

/** A task, in short. */
export interface TaskName {
  readonly pid: number;
  readonly comm: string;
  readonly address: Hex;
}

/** Who has what a task waits for. */
export type ReportHolder =
  | { readonly kind: 'task'; readonly task: TaskName }
  | { readonly kind: 'readers'; readonly count: number; readonly last: TaskName | null }
  | { readonly kind: 'none' }
  | { readonly kind: 'unknown'; readonly why: string };

/** What a task sleeps or spins for. */
export interface ReportWait {
  /** `mutex`, `rwsem`, `completion`, `spinlock` … */
  readonly kind: string;
  readonly address: Hex;
  /** The variable that lies there: `lab_mutex [lab]`; null for what was allocated, or has no name. */
  readonly symbol: string | null;
  /** How it wants it: `read`, `write`, `PG_locked`. */
  readonly wants: string | null;
  readonly holder: ReportHolder;
  /** Tasks in line, this one among them; null where the queue is not known to be of this thing alone. */
  readonly queued: number | null;
}

/** A process, a thread, or a CPU's idle task. */
export interface ReportTask extends TaskName {
  readonly tgid: number;
  readonly ppid: number | null;
  /** One of `RSDTtXZPI`. */
  readonly state: string;
  /** CPU that it ran on or ran on last. */
  readonly cpu: number;
  /** Whether it had the CPU when the kernel crashed. */
  readonly running: boolean;
  readonly kernelThread: boolean;
  /** Seconds since boot when it started. */
  readonly startSeconds: number;
  readonly userSeconds: number;
  readonly systemSeconds: number;
  /** Seconds of the log's clock when it last got a CPU; null where the kernel does not note it, or it never did. */
  readonly lastRanSeconds: number | null;
  readonly stack: readonly ReportFrame[];
  readonly stackEnd: StackEnd;
  readonly waits: readonly ReportWait[];
}

/** Registers by their names in C `struct pt_regs`: `ip`, `sp`, `ax` … */
export type ReportRegisters = Readonly<Record<string, Hex>>;

/** A CPU of the crashed machine. */
export interface ReportCpu {
  readonly cpu: number;
  readonly online: boolean | null;
  /** Whether it is the one that crashed. */
  readonly crashed: boolean;
  readonly task: TaskName | null;
  /** Whether it had nothing to do. */
  readonly idle: boolean;
  /** Registers when it was stopped; null where the dump has none. */
  readonly registers: ReportRegisters | null;
  readonly userMode: boolean | null;
  /** What it spins for, if it does. */
  readonly spinning: ReportWait | null;
  readonly stack: readonly ReportFrame[];
  readonly stackEnd: StackEnd | null;
}

/** Bytes of code around an instruction. */
export interface ReportCode {
  /** Address of the first byte. */
  readonly start: Hex;
  /** Two hexadecimal digits a byte. */
  readonly bytes: string;
  /** Index of the byte that `ip` points at. */
  readonly ip: number;
}

/** Who and where by the log. */
export interface LoggedCrash {
  readonly cpu: number | null;
  readonly pid: number | null;
  readonly comm: string | null;
  /** The function that failed: `foo+0x1/0x2`, or its bare name. */
  readonly place: string | null;
  /** Functions of the first stack trace, innermost first, without those marked `?`. */
  readonly stack: readonly string[];
}

/** The crash itself. */
export interface ReportPanic {
  /** The panic's own line of the log; null for a crash without, and where the log has none. */
  readonly message: string | null;
  /** The log's lines from the crash's first one on, up to its registers and stack: why the kernel gave up. */
  readonly reason: readonly string[];
  readonly cpu: number | null;
  readonly task: TaskName | null;
  /** What the log says of the same, in place of what memory does not tell; null where it tells of no crash. */
  readonly logged: LoggedCrash | null;
  /** Where the kernel was: the function that failed, not those that then reported it. */
  readonly at: ReportFrame | null;
  /** Registers at `at` where an exception or interrupt saved them, else those with which the CPU was stopped. */
  readonly registers: ReportRegisters | null;
  readonly registersFrom: 'exception' | 'stop' | null;
  readonly code: ReportCode | null;
  readonly stack: readonly ReportFrame[];
  readonly stackEnd: StackEnd | null;
}

/** The machine and its kernel. */
export interface ReportMachine {
  readonly nodename: string | null;
  /** `x86_64`. */
  readonly architecture: string | null;
  /** Number and date of the kernel's build. */
  readonly version: string | null;
  readonly buildId: string | null;
  readonly commandLine: string | null;
  readonly cpusOnline: number | null;
  /** Average load over 1, 5 and 15 minutes. */
  readonly load: readonly number[] | null;
  readonly threads: number | null;
}

/** When it happened. */
export interface ReportWhen {
  /** ISO 8601, UTC, by the machine's own clock. */
  readonly crash: string | null;
  readonly boot: string | null;
  readonly uptimeSeconds: number | null;
}

/** What memory was used for, in bytes, in the words of /proc/meminfo. */
export interface ReportMemory {
  readonly totals: Readonly<Record<string, number | null>>;
  readonly hugePages: readonly HugePagePool[];
  readonly zones: readonly ReportZone[];
}

/** Huge pages of one size; numbers of pages. */
export interface HugePagePool {
  readonly pageBytes: number;
  readonly total: number;
  readonly free: number;
}

/** A zone of memory, in bytes. */
export interface ReportZone {
  readonly node: number;
  readonly name: string;
  readonly managed: number;
  readonly free: number | null;
  readonly min: number;
  readonly low: number;
  readonly high: number;
}

/** A loaded module. */
export interface ReportModule {
  readonly name: string;
  /** Address of its C `struct module`, and where its code starts. */
  readonly address: Hex;
  readonly base: Hex;
  readonly sizeBytes: number;
  readonly state: string;
  readonly references: number | null;
  readonly users: readonly string[];
  /** Letters: `OE`. */
  readonly taints: string;
  readonly version: string | null;
  readonly srcversion: string | null;
}

/** Why the kernel was tainted. */
export interface ReportTaint {
  readonly mask: Hex;
  readonly letters: string;
  /** As the kernel prints it. */
  readonly text: string;
}

/** A mount of the first process's namespace. */
export interface ReportMount {
  readonly source: string;
  readonly target: string;
  readonly type: string;
  readonly options: readonly string[];
  readonly device: string;
}

/** A network device. */
export interface ReportNetworkDevice {
  readonly name: string;
  readonly namespace: number;
  readonly state: string;
  readonly flags: readonly string[];
  readonly mtuBytes: number;
  readonly hardwareAddress: string;
  /** `192.168.0.1/24`. */
  readonly addresses: readonly string[];
  /** Null where only the driver counts. */
  readonly counters: Readonly<Record<string, number>> | null;
}

/** A disk. */
export interface ReportDisk {
  readonly name: string;
  readonly bytes: number;
  readonly readOnly: boolean;
  readonly dead: boolean;
  readonly frozen: boolean;
  readonly quiesced: boolean;
  /** Reads and writes under way. */
  readonly inFlight: number | null;
  /** Of those that the driver has, the oldest first. */
  readonly requests: readonly ReportRequest[];
  readonly partitions: readonly { readonly name: string; readonly bytes: number }[];
}

/** A request that a driver has not finished. */
export interface ReportRequest {
  readonly operation: string;
  readonly startBytes: number;
  readonly bytes: number;
  /** Seconds since it was made, by the machine's clock at the crash. */
  readonly ageSeconds: number | null;
}

/** How many timers are set. */
export interface ReportTimers {
  readonly wheel: number | null;
  readonly highResolution: number | null;
}

/** Work that a worker runs or that waits for one. */
export interface ReportWork {
  readonly function: string;
  readonly workqueue: string | null;
  /** The worker; null for work that waits. */
  readonly task: TaskName | null;
  readonly cpu: number | null;
}

/** A message of the log, or messages that are missing. */
export type ReportLogItem =
  | {
      readonly kind: 'record';
      readonly sequence: number | null;
      readonly nanoseconds: number;
      readonly level: number;
      readonly facility: number;
      readonly caller: string | null;
      readonly text: string;
      readonly dictionary: Readonly<Record<string, string>> | null;
    }
  | { readonly kind: 'gap'; readonly records: number; readonly reason: string };

/** What happened, as far as a dump tells. */
export interface Report {
  readonly schema: typeof SCHEMA;
  /** In the words of upstream's bug reports; null where the log tells of no crash. */
  readonly title: string | null;
  /** What sort of failure it is: `KASAN-READ`, `HANG` …; `UNKNOWN` where upstream has no word. */
  readonly kind: string | null;
  /** ABRT's hash of the stack in the log. */
  readonly hash: string | null;
  /** `uname -r`. */
  readonly release: string | null;
  readonly when: ReportWhen;
  readonly machine: ReportMachine;
  readonly taint: ReportTaint | null;
  readonly panic: ReportPanic;
  readonly cpus: readonly ReportCpu[];
  readonly tasks: readonly ReportTask[];
  /** Circles of tasks that each wait for the next. */
  readonly deadlocks: readonly (readonly TaskName[])[];
  readonly modules: readonly ReportModule[];
  readonly memory: ReportMemory | null;
  readonly mounts: readonly ReportMount[];
  readonly network: readonly ReportNetworkDevice[];
  readonly disks: readonly ReportDisk[];
  readonly timers: ReportTimers;
  readonly work: readonly ReportWork[];
  /** Settings of /proc/sys that bear on a crash. */
  readonly sysctls: Readonly<Record<string, number>>;
  readonly log: readonly ReportLogItem[];
  readonly problems: readonly Problem[];
}
