import { type KernelBoot, labWord, withoutTime } from './console.ts';
import type { End } from './qemu.ts';

/**
 * Whether a power cycle ended by a fault of the emulation: a kernel that died or fell silent before the
 * guest's init said its first word. Under TCG early boots die now and then, with stock kernels and nothing
 * of ours in them yet. Whatever goes wrong after that word is the scenario's to judge.
 */
export function accidentOf(boots: readonly KernelBoot[], end: End): string | undefined {
  if (boots.length === 0) return `no kernel printed anything, then ${end}`;
  const index = boots.findIndex(({ lines }) => !lines.some(({ text }) => labWord(text) === 'init'));
  if (index < 0) return undefined;
  const lines = boots[index]?.lines ?? [];
  const fault =
    lines.find(({ text }) => /Kernel panic|BUG:|Oops|general protection/.test(text)) ?? lines.at(-1);
  return `kernel ${index + 1} of the power cycle ended (${end}) before init; "${withoutTime(fault?.text ?? '')}"`;
}
