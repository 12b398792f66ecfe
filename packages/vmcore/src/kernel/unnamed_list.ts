import { KERNEL_MAP } from '../arch/x86_64/page_table.ts';
import { hexAddress, type VirtualAddress } from '../bytes/address.ts';
import type { KernelMemory } from '../describe/kernel_memory.ts';
import { listNodes, type Walk } from './list.ts';

/**
 * The nodes of a list whose head has no name (in kernels without `CONFIG_KALLSYMS_ALL`), found from a node on
 * it. The head is a variable, so it lies in the kernel's image, where the objects on the list do not. Damage
 * gives what `listNodes` does; a list with no head, or more than one, gives nothing, and the reason.
 */
export function listAround(memory: KernelMemory, node: VirtualAddress, most?: number): Walk {
  const { nodes, problem } = listNodes(memory, node, most);
  const all = [node, ...nodes];
  const heads = all.filter((each) => each >= KERNEL_MAP);
  const [head] = heads;
  if (head === undefined || heads.length > 1) {
    return {
      nodes: [],
      problem: problem ?? `The list through ${hexAddress(node)} has ${heads.length} heads`,
    };
  }
  const at = all.indexOf(head);
  return { nodes: [...all.slice(at + 1), ...all.slice(0, at)], problem };
}
