import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { accidentOf } from './accident.ts';
import { bestCodec } from './best_codec.ts';
import { Checks } from './checks.ts';
import { kernelBoots, labWord } from './console.ts';
import { Ext4Files, ext4State } from './ext4.ts';
import { type Layout, PARTUUID, type PartitionName } from './gpt.ts';
import {
  copyImage,
  extractPartition,
  type GuestFile,
  inScratch,
  makeDisk,
  rootImage,
  writeTree,
} from './image.ts';
import type { Kernel } from './kernel.ts';
import { LOCK_NAME, withFolder } from './lock.ts';
import { labModule } from './module.ts';
import { Machine } from './qemu.ts';
import { type CycleRun, DEFAULT_GUEST, type GuestShape, type PowerCycle, type Scenario } from './scenario.ts';
import { Stages } from './stages.ts';

const TRIES = 3;
const LIMIT_SECONDS = 600;
/** A kernel on its way to init prints something at least this often, even on a busy host. */
const STALL_SECONDS = 60;
const PERSIST_MIB = 512;

export interface Bench {
  readonly kernel: Kernel;
  /** The `kcrash` under test. */
  readonly device: string;
  /** Consoles and kept files go into a folder per scenario below this one. */
  readonly out: string;
  /** Whether disk images and persist's files stay. */
  readonly keep: boolean;
  /** Whether persist's files stay, without the images. */
  readonly keepFiles?: boolean;
  progress(line: string): void;
}

export interface Verdict {
  readonly scenario: string;
  readonly kernel: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** What happened to the emulator and made a power cycle start over. */
  readonly accidents: readonly string[];
  readonly failures: readonly string[];
}

/** Runs a scenario from an empty disk to its verdict. Throws only where the lab itself fails. */
export async function runScenario(scenario: Scenario, bench: Bench): Promise<Verdict> {
  const folder = join(bench.out, scenario.name);
  mkdirSync(folder, { recursive: true });
  return withFolder(folder, async () => {
    const started = performance.now();
    for (const name of readdirSync(folder)) {
      if (name !== LOCK_NAME) rmSync(join(folder, name), { recursive: true });
    }
    const stages = new Stages(scenario.name, bench.progress);
    const run = new Runner(scenario, bench, folder, stages);
    const failures = await run.failures();
    const verdict: Verdict = {
      scenario: scenario.name,
      kernel: bench.kernel.release,
      passed: failures.length === 0,
      seconds: (performance.now() - started) / 1000,
      accidents: run.accidents,
      failures,
    };
    writeFileSync(join(folder, 'verdict.json'), `${JSON.stringify(verdict, null, 2)}\n`);
    stages.say(verdict.passed ? 'pass' : `FAIL\n${failures.map((each) => `    ${each}`).join('\n')}`);
    return verdict;
  });
}

type Files = Pick<CycleRun, 'persist' | 'persistNeededReplay' | 'lab' | 'root'>;

class Runner {
  readonly accidents: string[] = [];
  readonly #scenario: Scenario;
  readonly #bench: Bench;
  readonly #folder: string;
  readonly #stages: Stages;
  readonly #guest: GuestShape;
  readonly #disk: string;

  constructor(scenario: Scenario, bench: Bench, folder: string, stages: Stages) {
    this.#scenario = scenario;
    this.#bench = bench;
    this.#folder = folder;
    this.#stages = stages;
    this.#guest = { ...DEFAULT_GUEST, ...scenario.guest };
    this.#disk = join(folder, 'disk.img');
  }

  async failures(): Promise<readonly string[]> {
    const checks = new Checks();
    const cycles: CycleRun[] = [];
    const tokens = this.#scenario.cycles.map(() => randomBytes(8).toString('hex'));
    const where = await this.#makeDisk();
    for (const [index, plan] of this.#scenario.cycles.entries()) {
      this.#stages.cycle(index + 1, this.#scenario.cycles.length);
      const cycle = await this.#cycle(plan, index + 1, tokens[index] ?? '', where);
      if (typeof cycle === 'string') {
        checks.at(`cycle ${index + 1}`).fail('a boot that reaches init', cycle);
        break;
      }
      cycles.push(cycle);
      if (!checks.at(`cycle ${index + 1}: end of the power cycle`).equal(cycle.end, plan.ends)) break;
    }
    if (checks.failures.length === 0) await this.#check(cycles, checks);
    await this.#cleanUp(cycles, checks.failures.length > 0);
    return checks.failures;
  }

  async #check(cycles: readonly CycleRun[], checks: Checks): Promise<void> {
    this.#stages.say('checking');
    const { kernel } = this.#bench;
    const byMakedumpfile = /^engine = makedumpfile$/m.test(this.#scenario.conf ?? '');
    const codec = byMakedumpfile ? await bestCodec() : 'zstd';
    const run = { scenario: this.#scenario, kernel, guest: this.#guest, codec, cycles };
    try {
      await this.#scenario.check(run, checks);
    } catch (error) {
      checks
        .at('check')
        .fail('a run that can be checked', error instanceof Error ? error.message : String(error));
    }
  }

  async #makeDisk(): Promise<Layout> {
    this.#stages.say('making the disk');
    const { kernel, device } = this.#bench;
    const { ownBoot } = this.#scenario;
    const root = await (ownBoot?.rootImage ?? rootImage)({ kernel, device });
    const labFiles: Record<string, GuestFile> = {
      'kcrash.conf': { content: this.#scenario.conf ?? '' },
      ...this.#scenario.files,
    };
    for (const [index, plan] of this.#scenario.cycles.entries())
      Object.assign(labFiles, hooks(plan, index + 1));
    if (this.#scenario.module === true) {
      labFiles['lab_crash.ko'] = { content: readFileSync(await labModule(kernel)) };
    }
    Object.assign(labFiles, await this.#scenario.madeFiles?.(kernel));
    return inScratch(async (persistTree) => {
      writeTree(persistTree, this.#scenario.persist?.files ?? {});
      const persistMib = this.#scenario.persist?.sizeMib ?? PERSIST_MIB;
      const biosBoot = ownBoot !== undefined;
      const where = await makeDisk(this.#disk, { root, persistMib, persistTree, labFiles, biosBoot });
      await ownBoot?.install(this.#disk);
      return where;
    });
  }

  /** Runs a power cycle, again from the same disk after an accident; returns why if that never helped. */
  async #cycle(plan: PowerCycle, number: number, token: string, where: Layout): Promise<CycleRun | string> {
    const before = join(this.#folder, 'disk-before.img');
    await copyImage(this.#disk, before);
    let accident = '';
    for (let attempt = 1; attempt <= TRIES; attempt += 1) {
      const consoleFile = join(
        this.#folder,
        `console-${number}${attempt === 1 ? '' : `-try-${attempt}`}.log`,
      );
      const startedUnixSeconds = Date.now() / 1000;
      const machine = await this.#boot(plan, number, token, consoleFile);
      const end = await machine.ended;
      if (end === 'qemu-died') throw new Error(`QEMU died: ${machine.complaint}`);
      const boots = kernelBoots(machine.lines);
      const found = accidentOf(boots, end);
      if (found === undefined) {
        const seconds = machine.elapsed;
        return {
          plan,
          number,
          startedUnixSeconds,
          token,
          end,
          seconds,
          boots,
          ...(await this.#afterwards(number, where)),
        };
      }
      accident = `cycle ${number}, try ${attempt} of ${TRIES}: ${found}`;
      this.accidents.push(accident);
      this.#stages.say(`emulation accident, ${accident}; the disk goes back to what it was`);
      await copyImage(before, this.#disk);
    }
    return accident;
  }

  /** Boots the disk and does the scenario's host actions; the machine has ended when this returns. */
  async #boot(plan: PowerCycle, number: number, token: string, consoleFile: string): Promise<Machine> {
    const guest = this.#guest;
    const line = commandLine(guest, plan, number, token);
    const { image } = this.#bench.kernel;
    const ownBoot = this.#scenario.ownBoot !== undefined;
    const machine = await Machine.start({
      disk: this.#disk,
      ...(ownBoot ? { serialNumber: line } : { kernel: { image, commandLine: line } }),
      memoryMib: guest.memoryMib,
      cpus: guest.cpus,
      cpu: guest.cpu,
      consoleFile,
    });
    const limit = this.#scenario.limitSeconds ?? LIMIT_SECONDS;
    let reachedInit = false;
    let during: 'system' | 'capture' | undefined;
    const todo = new Set(plan.host ?? []);
    machine.watch(({ text }) => {
      if (/Linux version /.test(text) && /^\[ +0\.000000\]/.test(text)) {
        reachedInit = false;
        during = undefined;
        this.#stages.reached('kernel starts');
      }
      const word = labWord(text);
      if (word !== undefined) this.#stages.reached(word);
      if (word === 'init') reachedInit = true;
      if (word === 'system boot' || word === 'capture boot')
        during = word === 'system boot' ? 'system' : 'capture';
      for (const action of todo) {
        const due = typeof action.at === 'string' ? word === action.at : action.at.test(text);
        if (!due || during !== action.during) continue;
        todo.delete(action);
        Promise.resolve(action.act(machine)).catch((error: unknown) =>
          this.#stages.say(`host action failed: ${error}`),
        );
      }
    });
    const timer = setInterval(() => {
      if (!reachedInit && machine.silent > STALL_SECONDS) machine.cut('stalled');
      if (machine.elapsed > limit) machine.cut('time-limit');
    }, 500);
    this.#stages.reached(await machine.ended);
    clearInterval(timer);
    return machine;
  }

  async #afterwards(number: number, where: Layout): Promise<Files> {
    const look = async (name: PartitionName) => {
      const image = join(this.#folder, `${name}-${number}.img`);
      await extractPartition(this.#disk, where, name, image);
      const { needsReplay } = ext4State(image);
      return { files: await Ext4Files.open(image), needsReplay };
    };
    const persist = await look('persist');
    const lab = await look('lab');
    const root = this.#guest.root === 'rw' ? (await look('root')).files : undefined;
    return { persist: persist.files, persistNeededReplay: persist.needsReplay, lab: lab.files, root };
  }

  async #cleanUp(cycles: readonly CycleRun[], failed: boolean): Promise<void> {
    if (this.#bench.keep || this.#bench.keepFiles || failed) {
      for (const [index, { persist, lab }] of cycles.entries()) {
        for (const [name, files] of [
          ['persist', persist],
          ['lab', lab],
        ] as const) {
          const folder = join(this.#folder, `${name}-${index + 1}`);
          mkdirSync(folder);
          await files.copyOut(folder);
        }
      }
    }
    rmSync(join(this.#folder, 'disk-before.img'), { force: true });
    if (this.#bench.keep) return;
    rmSync(this.#disk, { force: true });
    for (const { persist, lab, root } of cycles) {
      for (const files of [persist, lab, root]) if (files !== undefined) rmSync(files.image, { force: true });
    }
  }
}

function hooks(plan: PowerCycle, number: number): Record<string, GuestFile> {
  const scripts = {
    'before-arm.sh': plan.beforeArm,
    'after-arm.sh': plan.afterArm,
    'crash.sh': plan.crash,
    'before-mount.sh': plan.beforeMount,
    'before-collect.sh': plan.beforeCollect,
  };
  const files: Record<string, GuestFile> = {};
  for (const [name, script] of Object.entries(scripts)) {
    if (script !== undefined) files[`cycle-${number}/${name}`] = { content: `${script.trim()}\n` };
  }
  return files;
}

function commandLine(guest: GuestShape, plan: PowerCycle, number: number, token: string): string {
  const crashkernel = guest.crashkernel === null ? '' : `crashkernel=${guest.crashkernel}`;
  return [
    // Under emulation on a busy host the boot-time test of the timer fails now and then, and panics.
    'no_timer_check',
    `root=PARTUUID=${PARTUUID.root} ${guest.root} rootwait console=ttyS0,115200 loglevel=8`,
    `panic=${guest.panic} lab.disk=/dev/nvme0n1 lab.cycle=${number} lab.token=${token}`,
    plan.append ?? `${crashkernel} ${guest.append}`,
  ]
    .join(' ')
    .trim();
}
