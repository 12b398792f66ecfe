import { VirtualMemory } from '../arch/virtual_memory.ts';
import { X86PageTables } from '../arch/x86_64/page_table.ts';
import type { Frame } from '../bytes/address.ts';
import { Dump } from '../dump.ts';
import type { Absence, PhysicalMemory } from '../physical_memory.ts';
import { kernelPaging } from '../vmcore.ts';
import type { PagePlan } from './page_plan.ts';

/** The memory of a dump as it would be after a plan: what is not kept is `excluded`. */
export class PlannedMemory implements PhysicalMemory {
  readonly pageSize: number;
  readonly frameLimit: Frame;
  readonly #memory: PhysicalMemory;
  readonly #plan: PagePlan;
  /** One past the last tier that is kept. */
  readonly #tiers: number;

  /** With `tiers` only the first so many tiers are kept, as when a budget cuts the rest. */
  constructor(memory: PhysicalMemory, plan: PagePlan, tiers = plan.tiers.length) {
    this.pageSize = memory.pageSize;
    this.frameLimit = memory.frameLimit;
    this.#memory = memory;
    this.#plan = plan;
    this.#tiers = tiers;
  }

  page(frame: Frame): Uint8Array | Absence {
    if (!this.#keeps(frame)) return frame < this.frameLimit ? 'excluded' : 'hole';
    const page = this.#memory.page(frame);
    const { scrub } = this.#plan;
    if (typeof page === 'string' || scrub.next(frame) !== frame) return page;
    const copy = page.slice();
    scrub.overwrite(frame, copy);
    return copy;
  }

  nextHeld(frame: Frame): Frame {
    let at = this.#memory.nextHeld(frame);
    while (at < this.frameLimit && !this.#keeps(at)) at = this.#memory.nextHeld(at + 1);
    return at;
  }

  #keeps(frame: Frame): boolean {
    const tier = this.#plan.tierOf(frame);
    return tier >= 0 && tier < this.#tiers;
  }
}

/** A dump as it would be after a plan, without writing it. */
export function plannedDump(dump: Dump, plan: PagePlan, tiers?: number): Dump {
  const physical = new PlannedMemory(dump.physical, plan, tiers);
  const virtual = new VirtualMemory(physical, new X86PageTables(physical, kernelPaging(dump.vmcoreinfo)));
  const container = { ...dump.container, memory: physical };
  return new Dump({ container, vmcoreinfo: dump.vmcoreinfo, physical, virtual });
}
