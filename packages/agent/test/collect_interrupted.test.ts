import { describe, expect, it } from 'vitest';
import { DMESG, DUMP, machine, run } from './crashed_machine.ts';
import type { FakePort, Fault } from './fake_port.ts';

describe('an end at any point', () => {
  const before = (port: FakePort) => {
    for (let n = 1; n <= 5; n += 1) {
      port.put(`/persist/kcrashes/dmesg-2026-01-0${n}T00:00:00+00:00.log`, `log ${n}`);
      port.put(`/persist/kcrashes/kdump-2026-01-0${n}T00:00:00+00:00.dump`, `dump ${n}`);
    }
    port.put('/persist/reboot-reason', 'earlier\n');
    port.put('/persist/reboot-stack', 'earlier stack\n');
    port.put('/persist/boot-reason', 'earlier boot\n');
  };
  const whole = machine(before);
  run(whole);
  const final = whole.onDisk();
  const points = whole.operations.filter((it) => !it.startsWith('sleep')).length;

  /** Every final name holds the whole earlier or the whole new content, and a reason points at what is there. */
  function checkWhole(port: FakePort): void {
    const files = port.onDisk();
    const earlier = machine(before).onDisk();
    for (const [name, content] of files) {
      if (name.endsWith('.part')) continue;
      // The reason has a middle state: the log is safe, the dump is not yet.
      const middle = name === '/persist/reboot-reason' ? [`kernel panic, dmesg collected: ${DMESG}\n`] : [];
      const first = name === '/persist/reboot-reason' && !files.has(DMESG) ? [content] : [];
      expect([earlier.get(name), final.get(name), ...middle, ...first], name).toContain(content);
    }
    const pointed = /collected: (\/\S+)\n$/.exec(files.get('/persist/reboot-reason') ?? '')?.[1];
    if (pointed !== undefined)
      expect(files.get(pointed), `what the reason names: ${pointed}`).toBe(final.get(pointed));
    for (const name of ['/persist/reboot-reason', '/persist/reboot-stack', '/persist/boot-reason']) {
      expect(files.has(name), name).toBe(true);
    }
    const oldest = '/persist/kcrashes/kdump-2026-01-01T00:00:00+00:00.dump';
    if (!files.has(DUMP))
      expect(files.has(oldest), 'the oldest crash stays until the new one is whole').toBe(true);
  }

  function endAt(kind: Fault['kind'], at: number): { port: FakePort; end: string } {
    const port = machine(before);
    port.fault = { at, kind };
    return { port, end: run(port) };
  }

  it('has many points', () => {
    expect(points).toBeGreaterThan(60);
  });

  it('by power cut leaves every earlier result whole, and the next crash is collected normally', () => {
    for (let at = 0; at < points; at += 1) {
      const { port, end } = endAt('power-cut', at);
      expect(end, `cut at ${at}`).toBe('power cut');
      checkWhole(port);
      const next = machine((it) => {
        for (const [name, content] of port.onDisk()) it.put(name, content);
        it.time += 1000;
      });
      expect(run(next)).toBe('restart');
      const files = next.onDisk();
      expect(files.get('/persist/reboot-reason')).toMatch(/^kernel panic, kdump collected: /);
      expect(
        [...files.keys()].filter((name) => name.endsWith('.part')),
        `after a cut at ${at}`,
      ).toEqual([]);
    }
  });

  it.each(['kill', 'hang'] as const)(
    'by %s of the process at work costs that step alone, and the machine restarts',
    (kind) => {
      for (let at = 0; at < points; at += 1) {
        const { port, end } = endAt(kind, at);
        expect(end, `${kind} at ${at}: ${port.operations[at]}`).toBe('restart');
        const files = port.onDisk();
        expect(
          files.get('/persist/boot-reason') === 'BootReasonKernel\n' ||
            /boot-reason/.test(port.console.join('')),
          `at ${at}`,
        ).toBe(true);
        const reason = files.get('/persist/reboot-reason') ?? '';
        const pointed = /collected: (\/\S+)\n$/.exec(reason)?.[1];
        if (pointed !== undefined) expect(files.get(pointed), `${kind} at ${at}`).toBe(final.get(pointed));
        expect(
          reason.startsWith('kernel panic') || /reboot-reason/.test(port.console.join('')),
          `at ${at}`,
        ).toBe(true);
      }
    },
  );
});
