import { describe, expect, it } from 'vitest';
import { Vmcoreinfo } from './vmcoreinfo.ts';

const parse = (...lines: string[]) => new Vmcoreinfo(new TextEncoder().encode(`${lines.join('\n')}\n`));

describe('Vmcoreinfo', () => {
  const info = parse(
    'OSRELEASE=6.1.0-56-cloud-amd64',
    'BUILD-ID=3b43fad5034874490492495d552c0af6a5fab235',
    'PAGESIZE=4096',
    'SYMBOL(prb)=ffffffff86c622c0',
    'LENGTH(mem_section)=131072',
    'SIZE(page)=64',
    'OFFSET(page.mapping)=24',
    'NUMBER(PAGE_BUDDY_MAPCOUNT_VALUE)=-129',
    'NUMBER(VMALLOC_START)=0xff7b59b1c0000000',
    'KERNELOFFSET=4200000',
    'CRASHTIME=1795558556',
  );

  it('has what the kernel wrote', () => {
    expect(info.osRelease).toBe('6.1.0-56-cloud-amd64');
    expect(info.buildId).toBe('3b43fad5034874490492495d552c0af6a5fab235');
    expect(info.pageSize).toBe(4096);
    expect(info.symbol('prb')).toBe(0xffff_ffff_86c6_22c0n);
    expect(info.length('mem_section')).toBe(131072);
    expect(info.size('page')).toBe(64);
    expect(info.offset('page.mapping')).toBe(24);
    expect(info.number('PAGE_BUDDY_MAPCOUNT_VALUE')).toBe(-129n);
    expect(info.number('VMALLOC_START')).toBe(0xff7b_59b1_c000_0000n);
    expect(info.kernelOffset).toBe(0x420_0000n);
    expect(info.crashTime).toBe(1_795_558_556);
    expect([...info.entries()]).toHaveLength(11);
  });

  it('says what is missing', () => {
    expect(() => info.symbol('nothing')).toThrow('VMCOREINFO has no usable SYMBOL(nothing)');
    expect(() => info.size('nothing')).toThrow('SIZE(nothing)');
    expect(() => info.offset('a.b')).toThrow('OFFSET(a.b)');
    expect(() => info.length('nothing')).toThrow('LENGTH(nothing)');
    expect(() => info.number('nothing')).toThrow('NUMBER(nothing)');
    expect(() => parse('x=y').osRelease).toThrow('OSRELEASE');
    expect([info.findSymbol('nothing'), info.findSize('nothing'), info.findNumber('nothing')]).toEqual(
      new Array(3).fill(undefined),
    );
  });

  it('takes no value that its kind cannot have', () => {
    const odd = parse(
      'SYMBOL(a)=xyz',
      'SIZE(a)=-1',
      'OFFSET(a.b)=99999999999',
      'NUMBER(a)=1e9',
      'PAGESIZE=four',
      'SIZE(b)=',
    );
    expect([
      odd.findSymbol('a'),
      odd.findSize('a'),
      odd.findOffset('a.b'),
      odd.findNumber('a'),
      odd.findSize('b'),
    ]).toEqual(new Array(5).fill(undefined));
    expect(odd.pageSize).toBe(4096);
    expect(odd.value('PAGESIZE')).toBe('four');
  });

  it('ends at a NUL, passes over what is no line of it, and lets the last of two values count', () => {
    const text = new TextEncoder().encode('SIZE(a)=1\n\nnonsense\n=5\nSIZE(a)=2\0SIZE(a)=3\n');
    expect(new Vmcoreinfo(text).size('a')).toBe(2);
    expect(new Vmcoreinfo(new Uint8Array(0)).text).toBe('');
  });
});
