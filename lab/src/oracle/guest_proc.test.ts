import { describe, expect, it } from 'vitest';
import {
  kmsgText,
  parseAddresses,
  parseKallsyms,
  parseKmsg,
  parseMeminfo,
  parseModules,
  parseMounts,
  parseNetDev,
  parsePartitions,
  schedulerRanges,
} from './guest_proc.ts';

describe('parseKallsyms', () => {
  it('reads symbols of the kernel and of modules', () => {
    const text = 'ffffffff81000000 T _stext\nffffffffc0300000 t lab_read\t[lab_block]\n';
    expect(parseKallsyms(text)).toEqual([
      { address: 'ffffffff81000000', type: 'T', name: '_stext', module: undefined },
      { address: 'ffffffffc0300000', type: 't', name: 'lab_read', module: 'lab_block' },
    ]);
  });
});

describe('schedulerRanges', () => {
  it('takes the pairs that the kernel has', () => {
    const text = `
ffffffff81000100 T __sched_text_start
ffffffff81000200 T __sched_text_end
ffffffff81000300 T __lock_text_start
ffffffff81000400 T __sched_text_start\t[lab]
`;
    expect(schedulerRanges(parseKallsyms(text))).toEqual([[0xffffffff81000100n, 0xffffffff81000200n]]);
  });
});

describe('parseModules', () => {
  it('tells users from what they are not', () => {
    const text = `lab_block 16384 0 [permanent], Live 0xffffffffc0309000 (OE)
stp 16384 1 bridge, Live 0xffffffffc029e000
llc 16384 2 bridge,stp, Live 0xffffffffc0299000
dummy 20480 0 - Loading 0xffffffffc0290000
`;
    const modules = parseModules(text);
    expect(modules.map(({ name, users, taints }) => [name, users.join(), taints])).toEqual([
      ['lab_block', '', 'OE'],
      ['stp', 'bridge', ''],
      ['llc', 'bridge,stp', ''],
      ['dummy', '', ''],
    ]);
    expect(modules[2]).toMatchObject({
      sizeBytes: 16384,
      references: 2,
      state: 'Live',
      base: '0xffffffffc0299000',
    });
  });
});

describe('parseMounts', () => {
  it('unescapes names and leaves out what only the file system knows', () => {
    const text = 'lab\\040tmpfs /tmp/a\\040b tmpfs rw,nosuid,size=1024k,inode64 0 0\n';
    expect(parseMounts(text)).toEqual([
      { source: 'lab tmpfs', target: '/tmp/a b', type: 'tmpfs', options: ['rw', 'nosuid'] },
    ]);
  });
});

describe('parseNetDev', () => {
  it('takes the columns by their place', () => {
    const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       1       2    3    4    5     6          7         8        9       10   11   12   13     14      15         16
`;
    expect([...parseNetDev(text)]).toEqual([
      [
        'lo',
        {
          receivedBytes: 1,
          receivedPackets: 2,
          receiveErrors: 3,
          receiveDropped: 4,
          multicast: 8,
          sentBytes: 9,
          sentPackets: 10,
          sendErrors: 11,
          sendDropped: 12,
          collisions: 14,
        },
      ],
    ]);
  });
});

describe('numbers', () => {
  it('are bytes', () => {
    expect(parseMeminfo('MemTotal:         343740 kB\nHugePages_Total:       0\n')).toEqual(
      new Map([['MemTotal', 343740 * 1024]]),
    );
    const partitions = 'major minor  #blocks  name\n\n 259        0    2195456 nvme0n1\n';
    expect(parsePartitions(partitions)).toEqual(new Map([['nvme0n1', 2195456 * 1024]]));
  });
});

describe('parseAddresses', () => {
  it('takes both kinds', () => {
    const text = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
2: dummy0    inet6 fe80::1/64 scope link \\       valid_lft forever
`;
    expect(parseAddresses(text)).toEqual(['lo 127.0.0.1/8', 'dummy0 fe80::1/64']);
  });
});

describe('parseKmsg', () => {
  it('reads records with their dictionary', () => {
    const text =
      '6,339,5140900,-;nvme 0000:00:03.0: a \\x5c b\n SUBSYSTEM=pci\n DEVICE=+pci:0000\n30,340,5140901,c;next\n';
    expect(parseKmsg(text)).toEqual([
      {
        sequence: 339,
        microseconds: 5140900,
        level: 6,
        facility: 0,
        text: 'nvme 0000:00:03.0: a \\x5c b',
        dictionary: ['SUBSYSTEM=pci', 'DEVICE=+pci:0000'],
      },
      { sequence: 340, microseconds: 5140901, level: 6, facility: 3, text: 'next', dictionary: [] },
    ]);
  });

  it('escapes as the kernel does', () => {
    expect(kmsgText('a\nb\\ é~')).toBe('a\\x0ab\\x5c \\xc3\\xa9~');
  });
});
