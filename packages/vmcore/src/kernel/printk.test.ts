import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Message, PrintkRing, RecordLog } from '../../test/printk_writer.ts';
import { Vmcoreinfo } from '../describe/vmcoreinfo.ts';
import { type LogItem, readLog, recordText } from './printk.ts';

const text = (content: string) => new TextEncoder().encode(content);
const say = (content: string, more: Partial<Message> = {}): Message => ({ text: text(content), ...more });
const items = (log: PrintkRing | RecordLog) => [...readLog(log.memory, log.vmcoreinfo)];
const brief = (log: PrintkRing | RecordLog) =>
  items(log).map((item) => (item.kind === 'record' ? recordText(item) : `${item.records} ${item.reason}`));

describe('the printk ring', () => {
  it('gives every record whose text is still there, whatever was logged', () => {
    const message = fc.record({
      text: fc.uint8Array({ maxLength: 60 }),
      state: fc.constant('finalized' as const),
    });
    fc.assert(
      fc.property(
        fc.array(message, { maxLength: 90 }),
        fc.integer({ min: 2, max: 5 }),
        (messages, countBits) => {
          const ring = new PrintkRing(countBits, 9);
          for (const each of messages) ring.log(each);
          const read = items(ring);
          expect(read.map((item) => item.kind)).toEqual(ring.alive.map(() => 'record'));
          read.forEach((item, n) => {
            const { sequence, message: logged } = ring.alive[n] as (typeof ring.alive)[0];
            expect(item).toMatchObject({ sequence, bytes: logged.text, nanoseconds: sequence * 1000 });
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives all of a record', () => {
    const ring = new PrintkRing(4, 10);
    ring.log(say('up', { nanoseconds: 1_500_000_000, level: 3, facility: 1, caller: 0x8000_0002 }));
    ring.log(say('usb', { caller: 77, subsystem: 'usb', device: '+usb:1-1' }));
    expect(items(ring)).toMatchObject([
      { sequence: 0, nanoseconds: 1_500_000_000, level: 3, facility: 1, caller: 'C2', dictionary: undefined },
      { sequence: 1, caller: 'T77', dictionary: { SUBSYSTEM: 'usb', DEVICE: '+usb:1-1' } },
    ]);
  });

  it('is empty before the first record', () => {
    expect(items(new PrintkRing(4, 10))).toEqual([]);
  });

  it('tells of records that were still being written, and goes on', () => {
    const ring = new PrintkRing(4, 10);
    ring.log(say('a'));
    ring.log(say('b', { state: 'reserved' }));
    ring.log(say('c', { state: 'reserved' }));
    ring.log(say('d', { state: 'committed' }));
    expect(brief(ring)).toEqual(['a', '2 being-written', 'd']);
  });

  it('reads a block that ends exactly where the ring does', () => {
    const ring = new PrintkRing(4, 6);
    ring.log(say('x'.repeat(40)));
    // Kernels since 6.19 don't move such a block to the start: 16 bytes at 48.
    const id = ring.id(1);
    ring.log(say('y'));
    ring.u64(0x80_0000 + 48, id);
    ring.u64(0x80_0000 + 56, 0x7a);
    ring.u64(ring.descriptor(1), (2n << 62n) | id);
    ring.u64(ring.descriptor(1) + 8, 48);
    ring.u64(ring.descriptor(1) + 16, 64);
    expect(brief(ring).at(-1)).toBe('z');
  });

  it('is refused where VMCOREINFO has no log at all', () => {
    const { memory } = new PrintkRing(2, 6);
    expect(() => readLog(memory, new Vmcoreinfo(text('OSRELEASE=3.0\n')))).toThrow('neither a printk ring');
  });
});

describe('a damaged printk ring', () => {
  function ring(): PrintkRing {
    const it = new PrintkRing(3, 9);
    for (const letter of 'abcde') it.log(say(letter));
    return it;
  }

  it('with a descriptor of another record', () => {
    const torn = ring();
    torn.u64(torn.descriptor(2), (2n << 62n) | 12345n);
    expect(brief(torn)).toEqual(['a', 'b', '1 wrong-id', 'd', 'e']);
  });

  it('with text of another record', () => {
    const torn = ring();
    torn.u64(torn.descriptor(2) + 8, 0);
    torn.u64(torn.descriptor(2) + 16, 16);
    expect(brief(torn)).toEqual(['a', 'b', '1 text-overwritten', 'd', 'e']);
  });

  it.each([
    ['backwards', 64, 32],
    ['laps apart', 32, 32 + 2 * 512],
    ['shorter than its header', 32, 36],
    ['huge', 32, 2 ** 52],
    ['past any number', 32, 2n ** 63n],
  ])('with text positions %s', (_, begin, next) => {
    const torn = ring();
    torn.u64(torn.descriptor(2) + 8, begin);
    torn.u64(torn.descriptor(2) + 16, next);
    expect(brief(torn)).toEqual(['a', 'b', '1 damaged', 'd', 'e']);
  });

  it('with a text length beyond its block gives no more than the block', () => {
    const torn = ring();
    torn.physical.put(0x40_0000 + 2 * 88 + 16, Uint8Array.of(0xff, 0xff));
    expect(brief(torn)).toEqual(['a', 'b', 'c\0\0\0\0\0\0\0', 'd', 'e']);
  });

  it('whose record found no room for its text', () => {
    const torn = ring();
    torn.u64(torn.descriptor(2) + 8, 1);
    torn.u64(torn.descriptor(2) + 16, 1);
    expect(brief(torn)).toEqual(['a', 'b', '1 text-overwritten', 'd', 'e']);
  });

  it('with a tail that says nothing gives what its places hold', () => {
    const torn = ring();
    for (const tail of [torn.id(50), 0n, 2n ** 61n]) {
      torn.setTail(tail);
      expect(brief(torn).filter((line) => line.length === 1)).toEqual(['a', 'b', 'c', 'd', 'e']);
    }
  });

  it('with a head that says nothing ends', () => {
    const torn = ring();
    torn.setHead(0x1234_5678_9abcn);
    expect(brief(torn)).toEqual(['7 wrong-id']);
  });

  it('with parts that the dump lacks', () => {
    const big = new PrintkRing(9, 13);
    for (let n = 0; n < 400; n++) big.log(say(`${n}`));
    big.physical.pages.delete(0x10_1000 / 4096);
    const gaps = items(big).filter((item) => item.kind === 'gap');
    // Each record whose descriptor lies in the missing page, or begins or ends there, all in one gap.
    expect(gaps).toEqual([{ kind: 'gap', records: 172, reason: 'absent-memory' }]);
    big.physical.pages.delete(0x80_0000 / 4096);
    const lost = items(big).reduce((sum, item) => sum + (item.kind === 'gap' ? item.records : 0), 0);
    // And those whose text lies in another one: 16 bytes each.
    expect(lost).toBeGreaterThanOrEqual(4096 / 16);
  });

  it('of a size that cannot be', () => {
    const torn = ring();
    torn.u64(0x1008, 60);
    expect(() => items(torn)).toThrow('2^60 records');
    torn.u64(0x1008, 3);
    torn.u64(0x1038, 63);
    expect(() => items(torn)).toThrow('2^63 bytes');
  });

  it('of 2^31 places ends soon, and says what it did not read', () => {
    const huge = ring();
    huge.u64(0x1008, 31);
    huge.setTail(huge.id(0) - 2n ** 30n);
    huge.physical.absence = 'hole';
    const [first, ...rest] = items(huge);
    expect(first).toMatchObject({ reason: 'too-many' });
    expect(rest.length).toBeLessThan(10);
  });
});

describe('the record log before 5.10', () => {
  it('reads records with their dictionary, and goes on at the start', () => {
    const log = new RecordLog(512);
    const middle = log.record(
      300,
      say('old', { nanoseconds: 5e9, level: 4, facility: 3 }),
      'SUBSYSTEM=pci\0DEVICE=+pci:1',
    );
    log.put(middle, new Uint8Array(16));
    log.setRange(300, log.record(log.record(0, say('new')), say('newest')));
    expect(items(log)).toMatchObject([
      {
        sequence: undefined,
        nanoseconds: 5e9,
        level: 4,
        facility: 3,
        caller: undefined,
        dictionary: { SUBSYSTEM: 'pci', DEVICE: '+pci:1' },
      },
      { kind: 'record', dictionary: undefined },
      { kind: 'record' },
    ]);
    expect(brief(log)).toEqual(['old', 'new', 'newest']);
  });

  it('has callers where the kernel keeps them', () => {
    const log = new RecordLog(512, { caller: true });
    log.setRange(0, log.record(0, say('x', { caller: 0x8000_0001 })));
    expect(items(log)).toMatchObject([{ caller: 'C1' }]);
  });

  it('is empty when nothing was logged', () => {
    expect(items(new RecordLog(512))).toEqual([]);
  });

  const broken = (edit: (log: RecordLog, second: number) => void) => {
    const log = new RecordLog(512);
    const second = log.record(0, say('first'));
    const third = log.record(second, say('second'));
    log.setRange(0, log.record(third, say('third')));
    edit(log, second);
    return brief(log);
  };

  it.each<[string, (log: RecordLog, second: number) => void, string[]]>([
    ['a length of zero twice', (log, second) => log.put(second, new Uint8Array(16)), ['first', '1 damaged']],
    [
      'a length shorter than a header',
      (log, second) => log.put(second + 8, Uint8Array.of(3, 0)),
      ['first', '1 damaged'],
    ],
    [
      'a length past the end',
      (log, second) => log.put(second + 8, Uint8Array.of(0xff, 0xff)),
      ['first', '1 damaged'],
    ],
    [
      'a text longer than the record',
      (log, second) => log.put(second + 10, Uint8Array.of(0xff, 0)),
      ['first', '1 damaged', 'third'],
    ],
    ['a next record inside of one', (log) => log.setRange(0, 30), ['first', 'second']],
    ['a first record past the end', (log) => log.setRange(510, 24), ['1 damaged', 'first']],
  ])('survives %s', (_, edit, expected) => {
    expect(broken(edit)).toEqual(expected);
  });

  it('refuses positions outside of its buffer', () => {
    const log = new RecordLog(512);
    log.setRange(0, 600);
    expect(() => items(log)).toThrow('A kernel log of 512 bytes whose records go from 0 to 600');
  });

  it('says when the dump lacks it', () => {
    const log = new RecordLog(512);
    log.setRange(0, log.record(0, say('x')));
    log.physical.pages.delete(0x80_0000 / 4096);
    expect(items(log)).toEqual<LogItem[]>([{ kind: 'gap', records: 1, reason: 'absent-memory' }]);
  });
});
