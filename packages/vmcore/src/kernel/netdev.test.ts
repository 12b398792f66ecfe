import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { addTo, type VirtualAddress } from '../bytes/address.ts';
import { inet6Text, readNetworkDevices } from './netdev.ts';

const STATS = [
  ...['rx_bytes', 'rx_packets', 'rx_errors', 'rx_dropped', 'rx_missed_errors', 'multicast'],
  ...['tx_bytes', 'tx_packets', 'tx_errors', 'tx_dropped', 'collisions'],
];
const all = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'u64']));

function kernel() {
  const fake = new FakeKernel();
  fake.cpus(2);
  fake.struct('ns_common', { inum: 'u32' });
  fake.struct('net', { list: 'list_head', ns: 'ns_common', dev_base_head: 'list_head' });
  fake.struct('net_device_stats', all(STATS));
  fake.struct('net_device_core_stats', all(['rx_dropped', 'tx_dropped']));
  fake.struct('pcpu_sw_netstats', all(['rx_packets', 'rx_bytes', 'tx_packets', 'tx_bytes']));
  fake.struct('pcpu_lstats', all(['packets', 'bytes']));
  fake.struct('net_device_ops', { ndo_get_stats64: 'ptr', ndo_get_stats: 'ptr' });
  fake.struct('net_device', {
    ...{
      name: 'char[16]',
      dev_list: 'list_head',
      ifindex: 'int',
      flags: 'u32',
      state: 'u64',
      operstate: 'u8',
    },
    ...{ mtu: 'u32', type: 'u16', addr_len: 'u8', dev_addr: 'ptr', ip_ptr: 'ptr', ip6_ptr: 'ptr' },
    ...{
      netdev_ops: 'ptr',
      core_stats: 'ptr',
      pcpu_stat_type: 'u8',
      tstats: 'ptr',
      stats: 'net_device_stats',
    },
  });
  fake.struct('in_ifaddr', { ifa_next: 'ptr', ifa_local: 'u32', ifa_prefixlen: 'u8' });
  fake.struct('in_device', { ifa_list: 'ptr' });
  fake.struct('in6_addr', { bytes: 'u8[16]' });
  fake.struct('inet6_ifaddr', { addr: 'in6_addr', prefix_len: 'u32', if_list: 'list_head' });
  fake.struct('inet6_dev', { addr_list: 'list_head' });
  const net = fake.object('net', { 'ns.inum': 4026531840 });
  fake.variables.init_net = net;
  fake.list(fake.variable('net_namespace_list', 'list_head'), 'net', 'list', [net]);
  const add = (...devices: VirtualAddress[]) =>
    fake.list(addTo(net, fake.offset('net', 'dev_base_head')), 'net_device', 'dev_list', devices);
  const operations = (name?: string) =>
    fake.object('net_device_ops', name === undefined ? {} : { ndo_get_stats64: fake.function(name) });
  return { fake, net, add, operations };
}

describe('network devices', () => {
  it('have names, flags, addresses and counters', () => {
    const { fake, net, add, operations } = kernel();
    const mac = fake.allocate(8);
    fake.memory.bytes(mac, [0x02, 0, 0, 0xab, 0xcd, 0xef]);
    const second = fake.object('in_ifaddr', { ifa_local: 0x0207_a8c0, ifa_prefixlen: 32 });
    const first = fake.object('in_ifaddr', { ifa_next: second, ifa_local: 0x0107_a8c0, ifa_prefixlen: 24 });
    const inet6 = fake.object('inet6_dev');
    const v6 = fake.object('inet6_ifaddr', { prefix_len: 64 });
    fake.memory.bytes(v6, [0xfe, 0x80, ...new Uint8Array(13), 1]);
    fake.list(inet6, 'inet6_ifaddr', 'if_list', [v6]);
    const core = fake.allocate(0x100100);
    fake.memory.bytes(addTo(core, 0x100000), new Uint8Array(64));
    fake.object('net_device_core_stats', { rx_dropped: 3 }, addTo(core, 0x100000));
    add(
      fake.object('net_device', {
        ...{
          name: 'eth0',
          ifindex: 2,
          flags: 0x1003,
          state: 1,
          operstate: 6,
          mtu: 1500,
          type: 1,
          addr_len: 6,
        },
        ...{ dev_addr: mac, ip_ptr: fake.object('in_device', { ifa_list: first }), ip6_ptr: inet6 },
        ...{ netdev_ops: operations(), core_stats: core, 'stats.rx_bytes': 100, 'stats.rx_dropped': 1 },
        'stats.rx_missed_errors': 10,
      }),
    );
    const { devices, problems } = readNetworkDevices(fake.dump());
    expect(problems).toEqual([]);
    expect(devices).toMatchObject([
      {
        ...{ namespace: net, namespaceInode: 4026531840, name: 'eth0', index: 2, state: 'up', carrier: true },
        flags: ['UP', 'BROADCAST', 'MULTICAST', 'LOWER_UP'],
        ...{ mtuBytes: 1500, type: 1, hardwareAddress: '02:00:00:ab:cd:ef' },
        addresses: [
          { family: 'inet', address: '192.168.7.1', prefixBits: 24 },
          { family: 'inet', address: '192.168.7.2', prefixBits: 32 },
          { family: 'inet6', address: 'fe80::1', prefixBits: 64 },
        ],
        counters: { receivedBytes: 100n, receiveDropped: 14n, sentBytes: 0n },
      },
    ]);
  });

  it('count on each CPU where the core does so', () => {
    const { fake, add, operations } = kernel();
    const perCpu = fake.allocate(0x100100);
    for (const cpu of [0, 1]) {
      const at = addTo(perCpu, cpu * 0x100000);
      fake.memory.bytes(at, new Uint8Array(64));
      fake.memory.number(at, 5 + cpu);
      fake.memory.number(addTo(at, 8), 700);
    }
    const device = (name: string, ops: VirtualAddress, kind = 0) =>
      fake.object('net_device', { name, netdev_ops: ops, pcpu_stat_type: kind, tstats: perCpu });
    add(
      device('lo', operations('loopback_get_stats64')),
      device('tun', operations('dev_get_tstats64')),
      device('wg', operations(), 2),
      device('igb', operations('igb_get_stats64')),
    );
    const [lo, tun, wg, igb] = readNetworkDevices(fake.dump()).devices;
    expect(lo?.counters).toMatchObject({ receivedPackets: 11n, sentPackets: 11n, receivedBytes: 1400n });
    expect(tun?.counters).toMatchObject({ receivedPackets: 11n, receivedBytes: 1400n, sentPackets: 0n });
    expect(wg?.counters).toEqual(tun?.counters);
    expect(igb).toMatchObject({
      counters: undefined,
      countersUnknown: 'Only the driver knows the counters (igb_get_stats64)',
    });
  });

  it('that are damaged keep what can be read', () => {
    const { fake, add, operations } = kernel();
    const loop = fake.object('in_ifaddr', { ifa_local: 1 });
    fake.set('in_ifaddr', loop, 'ifa_next', loop);
    add(
      fake.object('net_device', {
        ...{ name: 'eth0', netdev_ops: operations(), ip_ptr: fake.object('in_device', { ifa_list: loop }) },
        ...{ ip6_ptr: 0xdead_0000_0000_0000n, addr_len: 6, dev_addr: 0xdead_0000_0000_0000n, operstate: 6 },
      }),
    );
    const { devices, problems } = readNetworkDevices(fake.dump());
    expect(devices).toMatchObject([{ name: 'eth0', state: 'down', hardwareAddress: '', addresses: [{}] }]);
    expect(problems).toEqual([
      expect.stringMatching(/Hardware address of eth0: .*0xdead000000000000/),
      expect.stringMatching(/IPv4: .* have no end/),
      expect.stringMatching(/IPv6: .*0xdead000000000000/),
    ]);
  });
});

describe('IPv6 text', () => {
  const text = (...groups: number[]) => inet6Text(Uint8Array.from(groups.flatMap((n) => [n >> 8, n & 0xff])));

  it('shortens the longest run of zeros, and no single one', () => {
    expect(text(0, 0, 0, 0, 0, 0, 0, 0)).toBe('::');
    expect(text(0, 0, 0, 0, 0, 0, 0, 1)).toBe('::1');
    expect(text(0xfe80, 0, 0, 0, 0x5054, 0xff, 0xfe12, 0x3456)).toBe('fe80::5054:ff:fe12:3456');
    expect(text(0x2001, 0xdb8, 0, 0, 1, 0, 0, 0)).toBe('2001:db8:0:0:1::');
    expect(text(1, 0, 2, 3, 4, 5, 6, 7)).toBe('1:0:2:3:4:5:6:7');
    expect(text(0, 0, 0, 0, 0, 0xffff, 0xc0a8, 1)).toBe('::ffff:192.168.0.1');
  });
});
