import { addTo, type Frame } from '../bytes/address.ts';
import type { Classification } from './classification.ts';
import type { MapSection } from './memory_map.ts';

/** Struct pages of frames by their bytes. Most come in the order of frames: the page of the map at hand serves many. */
export class StructPages {
  /** What has the struct page found last, and where it begins. Lent. */
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  readonly #memory: Classification['dump']['memory'];
  readonly #pageSize: number;
  readonly #sections: readonly MapSection[];
  readonly #size: number;
  #section: MapSection | undefined;
  /** Which page of the section's map `bytes` is; -1 for none. */
  #page = -1;

  constructor({ dump, sections, layout }: Pick<Classification, 'dump' | 'sections' | 'layout'>) {
    this.#memory = dump.memory;
    this.#pageSize = dump.physical.pageSize;
    this.#sections = sections;
    this.#size = layout.size;
  }

  /** Finds a frame's; false where the memory map does not describe it, or the dump lacks that. */
  find(frame: Frame): boolean {
    let section = this.#section;
    if (section === undefined || frame < section.first || frame >= section.first + section.frames) {
      section = this.#sections.find(({ first, frames }) => frame >= first && frame < first + frames);
      this.#section = section;
      this.#page = -1;
      if (section === undefined) return false;
    }
    const offset = (frame - section.first) * this.#size;
    const page = Math.floor(offset / this.#pageSize);
    this.at = offset - page * this.#pageSize;
    if (page === this.#page) return true;
    // One that lies over the seam of two pages is read by itself.
    const isWhole = this.at + this.#size <= this.#pageSize;
    const bytes = isWhole
      ? this.#memory.tryRead(addTo(section.map, page * this.#pageSize), this.#pageSize)
      : this.#memory.tryRead(addTo(section.map, offset), this.#size);
    this.#page = isWhole && bytes !== undefined ? page : -1;
    if (bytes === undefined) return false;
    this.bytes = bytes;
    if (!isWhole) this.at = 0;
    return true;
  }
}
