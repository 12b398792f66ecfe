import type { Checks } from './checks.ts';
import type { KernelBoot } from './console.ts';
import type { Ext4Files } from './ext4.ts';
import type { GuestFile, RootOptions } from './image.ts';
import type { DumpCodec } from './kdump.ts';
import type { Kernel } from './kernel.ts';
import type { End, Machine } from './qemu.ts';

/** Something the lab does to a running machine when the guest reaches a point. */
export interface HostAction {
  /** The guest's own word (`lab: WORD`), or a pattern for any console line. */
  readonly at: string | RegExp;
  /** Only in this kernel's part of the console. */
  readonly during: 'system' | 'capture';
  act(machine: Machine): Promise<void> | void;
}

/** From switching the machine on until it resets, is switched off or loses its power. */
export interface PowerCycle {
  /** Shell for the system boot before anything else, before `kcrash arm`. */
  readonly beforeArm?: string;
  /** Shell for the system boot with persist mounted, before the normal boot's `kcrash collect`. */
  readonly afterArm?: string;
  /** Shell that crashes the system kernel, last of all. Without it the guest switches itself off. */
  readonly crash?: string;
  /** Shell for the capture boot; may set PERSIST_DEVICE, PERSIST_OPTIONS and PERSIST_MOUNT. */
  readonly beforeMount?: string;
  /** Shell for the capture boot with persist mounted. */
  readonly beforeCollect?: string;
  readonly host?: readonly HostAction[];
  /** How it must end. */
  readonly ends: End;
  /** Kernel command line in place of the scenario's `guest.crashkernel` and `guest.append`. */
  readonly append?: string;
}

export interface GuestShape {
  readonly memoryMib: number;
  readonly cpus: number;
  /** QEMU's CPU model. */
  readonly cpu: string;
  /** The value of `crashkernel=`; null leaves the argument out. */
  readonly crashkernel: string | null;
  /** The value of `panic=`. */
  readonly panic: number;
  /** More arguments for the kernel. */
  readonly append: string;
  /** How the root is mounted. */
  readonly root: 'ro' | 'rw';
}

/** A root and a boot loader in place of the lab's own root and QEMU's loading of the kernel. */
export interface OwnBoot {
  /** Makes the image of the root partition, or finds it in the cache; returns its path. */
  rootImage(options: RootOptions): Promise<string>;
  /**
   * Puts a boot loader on the disk, whose partition for one is `BIOS_BOOT`. It finds the kernel's command line
   * as the machine's serial number in SMBIOS.
   */
  install(disk: string): Promise<void>;
}

export type ScenarioGroup =
  | 'triggers'
  | 'persist'
  | 'dump'
  | 'capture'
  | 'log'
  | 'arm'
  | 'normal'
  | 'eve'
  | 'oracle'
  | 'leaks';

export interface Scenario {
  readonly name: string;
  readonly group: ScenarioGroup;
  /** One sentence: what is true when it passes. */
  readonly shows: string;
  /** Whether `--core` runs it. */
  readonly core: boolean;
  readonly guest?: Partial<GuestShape>;
  readonly ownBoot?: OwnBoot;
  readonly persist?: {
    readonly sizeMib?: number;
    /** What lies there before the first boot. */
    readonly files?: Readonly<Record<string, GuestFile>>;
  };
  /** Text of `/etc/kcrash.conf`. */
  readonly conf?: string;
  /** More files for `/lab`; those in `bin/` come first in the guest's PATH. */
  readonly files?: Readonly<Record<string, GuestFile>>;
  /** Files for `/lab` that must be made for the kernel first. */
  readonly madeFiles?: (kernel: Kernel) => Promise<Readonly<Record<string, GuestFile>>>;
  /** Whether `/lab/lab_crash.ko` is wanted. */
  readonly module?: boolean;
  readonly cycles: readonly PowerCycle[];
  /** Seconds for each power cycle; default 600. */
  readonly limitSeconds?: number;
  check(run: ScenarioRun, checks: Checks): Promise<void> | void;
}

/** What a power cycle came to. */
export interface CycleRun {
  readonly plan: PowerCycle;
  /** Counted from 1. */
  readonly number: number;
  /** When the machine was switched on. */
  readonly startedUnixSeconds: number;
  /** What the guest wrote to the kernel's log just before its crash. */
  readonly token: string;
  readonly end: End;
  /** Seconds from switching on to the end. */
  readonly seconds: number;
  readonly boots: readonly KernelBoot[];
  /** Persist as the next boot would find it, its journal replayed. */
  readonly persist: Ext4Files;
  /** Whether persist's journal had anything to replay: it was not unmounted. */
  readonly persistNeededReplay: boolean;
  readonly lab: Ext4Files;
  /** Only where the guest's root is mounted `rw`. */
  readonly root: Ext4Files | undefined;
}

export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly kernel: Kernel;
  readonly guest: GuestShape;
  /** How the dump's pages are compressed: the engine's best. */
  readonly codec: DumpCodec;
  readonly cycles: readonly CycleRun[];
}

export const DEFAULT_GUEST: GuestShape = {
  memoryMib: 512,
  cpus: 2,
  cpu: 'max',
  crashkernel: '128M',
  panic: 1,
  append: '',
  root: 'ro',
};
