import { describe, expect, it } from 'vitest';
import { FakeKernel } from '../../test/fake_kernel.ts';
import { findSysctl } from './sysctl_tables.ts';

/** Directories `kernel` and `vm` with settings, each directory one table and its names a tree. */
function kernel() {
  const fake = new FakeKernel();
  fake.struct('rb_node', { parent: 'u64', rb_right: 'ptr', rb_left: 'ptr' });
  fake.struct('rb_root', { rb_node: 'ptr' });
  fake.struct('ctl_node', { node: 'rb_node', header: 'ptr' });
  fake.struct('ctl_table', { procname: 'ptr', data: 'ptr', maxlen: 'int', mode: 'u16' });
  fake.struct('ctl_table_header', { ctl_table: 'ptr', node: 'ptr' });
  fake.struct('ctl_dir', { header: 'ctl_table_header', root: 'rb_root' });
  fake.struct('ctl_table_set', { is_seen: 'ptr', dir: 'ctl_dir' });
  fake.struct('ctl_table_root', { default_set: 'ctl_table_set' });
  const root = fake.object('ctl_table_root');
  fake.variables.sysctl_table_root = root;
  /** Makes a table of entries in a tree, whose top it returns; a directory's own header is part of it. */
  const table = (header: bigint, entries: readonly (readonly [string, bigint])[]) => {
    const size = fake.size('ctl_node');
    const nodes = fake.allocate(size * entries.length);
    const tables = fake.allocate(fake.size('ctl_table') * entries.length);
    fake.object('ctl_table_header', { ctl_table: tables, node: nodes }, header as typeof root);
    const at = (n: number) => nodes + BigInt(n * size);
    entries.forEach(([procname, data], n) => {
      const place = (tables + BigInt(n * fake.size('ctl_table'))) as typeof root;
      fake.object('ctl_table', { procname, data, maxlen: 4 }, place);
      fake.object('ctl_node', { header }, at(n) as typeof root);
    });
    // The middle of what is sorted is the top.
    const link = (from: number, to: number): bigint => {
      if (from >= to) return 0n;
      const middle = (from + to) >> 1;
      fake.set('ctl_node', at(middle), 'node.rb_left', link(from, middle));
      fake.set('ctl_node', at(middle), 'node.rb_right', link(middle + 1, to));
      return at(middle);
    };
    return link(0, entries.length);
  };
  const top = root + BigInt(fake.offset('ctl_table_root', 'default_set.dir'));
  const directories = ['kernel', 'vm'].map((name) => ({ name, at: fake.object('ctl_dir') }));
  const [system, memory] = directories.map(({ name, at }) => ({ at, node: table(at, [[name, 0n]]) }));
  if (system === undefined || memory === undefined) throw new Error('there are two directories');
  fake.set('ctl_node', system.node, 'node.rb_right', memory.node);
  fake.set('ctl_dir', top, 'root.rb_node', system.node);
  const names = ['hung_task_panic', 'panic', 'panic_on_oops', 'panic_on_warn', 'sysrq'];
  const data = new Map(names.map((name) => [name, name === 'sysrq' ? 0n : fake.allocate(4)]));
  const header = fake.object('ctl_table_header');
  const settings = table(header, [...data]);
  fake.set('ctl_dir', system.at, 'root.rb_node', settings);
  return { fake, data, settings, header };
}

describe('findSysctl', () => {
  it('finds settings by their names in /proc/sys', () => {
    const { fake, data } = kernel();
    const dump = fake.dump();
    for (const name of ['hung_task_panic', 'panic', 'panic_on_oops', 'panic_on_warn'])
      expect(findSysctl(dump, `kernel.${name}`)).toEqual({ at: data.get(name), size: 4 });
  });

  it('finds nothing where there is none, nor what is computed', () => {
    const dump = kernel().fake.dump();
    const names = ['kernel.panic_on', 'kernel.sysrq', 'vm.swappiness', 'net.core', 'zoo.a'];
    expect(names.map((name) => findSysctl(dump, name))).toEqual(names.map(() => undefined));
  });

  it('takes no node that is none of its table', () => {
    const { fake, settings, header } = kernel();
    fake.set('ctl_table_header', header, 'node', settings - 8n);
    expect(() => findSysctl(fake.dump(), 'kernel.a')).toThrow(
      expect.objectContaining({ code: 'bad-format' }),
    );
  });

  it('ends in a tree that is a circle', () => {
    const { fake, settings } = kernel();
    fake.set('ctl_node', settings, 'node.rb_left', settings);
    expect(() => findSysctl(fake.dump(), 'kernel.a')).toThrow(
      expect.objectContaining({ code: 'bad-format' }),
    );
  });
});
