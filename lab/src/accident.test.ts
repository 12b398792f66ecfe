import { describe, expect, it } from 'vitest';
import { accidentOf } from './accident.ts';
import { kernelBoots } from './console.ts';

const FIRST = '[    0.000000] Linux version 6.1.0';

function boots(...texts: string[]) {
  return kernelBoots(texts.map((text, at) => ({ at, text })));
}

describe('accidentOf', () => {
  it('is a kernel that dies before init, with the fault it names', () => {
    const found = accidentOf(boots(FIRST, '[    0.1] general protection fault', '[    0.2] more'), 'reset');
    expect(found).toBe('kernel 1 of the power cycle ended (reset) before init; "general protection fault"');
  });

  it('is a capture kernel that falls silent before init', () => {
    const found = accidentOf(boots(FIRST, 'lab: init', FIRST, '[    0.1] ACPI: Core revision'), 'stalled');
    expect(found).toBe('kernel 2 of the power cycle ended (stalled) before init; "ACPI: Core revision"');
  });

  it('is a machine on which no kernel came up', () => {
    expect(accidentOf(boots('SeaBIOS'), 'stalled')).toBe('no kernel printed anything, then stalled');
  });

  it('is nothing that happens after init has spoken', () => {
    const panicked = boots(FIRST, '[    4.4] lab: init', '[    5.0] Kernel panic - not syncing');
    expect(accidentOf(panicked, 'time-limit')).toBeUndefined();
  });
});
