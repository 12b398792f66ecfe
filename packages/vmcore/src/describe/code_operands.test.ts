import { describe, expect, it } from 'vitest';
import { virtualAddress } from '../bytes/address.ts';
import { codeOperands } from './code_operands.ts';

const START = virtualAddress(0xffff_ffff_8100_0000n);
const bytes = (hex: string) => Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16));
const found = (hex: string) =>
  codeOperands(bytes(hex), START).map(({ address, kind, size }) => `${kind} ${size} ${address.toString(16)}`);

describe('codeOperands', () => {
  it.each([
    ['mov 0x100(%rip),%rax', '48 8b 05 00 01 00 00', 'memory 8 ffffffff81000107'],
    ['mov -8(%rip),%r12d', '44 8b 25 f8 ff ff ff', 'memory 4 ffffffff80ffffff'],
    ['movslq 0x100(%rip),%rax', '48 63 05 00 01 00 00', 'memory 4 ffffffff81000107'],
    ['imul 0x100(%rip),%rax', '48 0f af 05 00 01 00 00', 'memory 8 ffffffff81000108'],
    ['cmpb $0x7f,0x100(%rip)', '80 3d 00 01 00 00 7f', 'memory 1 ffffffff81000107'],
    ['movw $1,0x100(%rip)', '66 c7 05 00 01 00 00 01 00', 'memory 2 ffffffff81000109'],
    ['movzwl 0x100(%rip),%eax', '0f b7 05 00 01 00 00', 'memory 2 ffffffff81000107'],
    ['lock cmpxchg %edx,0x100(%rip)', 'f0 0f b1 15 00 01 00 00', 'memory 4 ffffffff81000108'],
    ['cmove 0x100(%rip),%eax', '0f 44 05 00 01 00 00', 'memory 4 ffffffff81000107'],
    ['lea 0x100(%rip),%rdi', '48 8d 3d 00 01 00 00', 'address 8 ffffffff81000107'],
    ['mov $0xffffffff82345678,%rdi', '48 c7 c7 78 56 34 82', 'address 8 ffffffff82345678'],
    ['add $0xffffffff82345678,%rax', '48 05 78 56 34 82', 'address 8 ffffffff82345678'],
    ['mov -0x7dcba988(,%rax,8),%rdi', '48 8b 3c c5 78 56 34 82', 'memory 8 ffffffff82345678'],
    ['testb $1,0x100(%rip)', 'f6 05 00 01 00 00 01', 'memory 1 ffffffff81000107'],
    ['notl 0x100(%rip)', 'f7 15 00 01 00 00', 'memory 4 ffffffff81000106'],
  ])('reads %s', (_, hex, operand) => {
    expect(found(hex)).toEqual([operand]);
    expect(found(`0f 1f 44 00 00 ${hex} c3`)).toHaveLength(1);
  });

  it.each([
    ['a per-CPU variable', '65 8b 15 b4 55 a4 02'],
    ['a call and a jump', 'e8 00 01 00 00 0f 84 00 01 00 00 75 05 e9 00 01 00 00'],
    ['registers and the stack', '48 89 e5 48 83 ec 18 41 ba 00 10 00 00 48 8b 44 24 08 48 8b 85 00 01 00 00'],
    ['a number of 64 bits', '48 b8 78 56 34 82 ff ff ff ff'],
    ['no operation with one', '66 66 2e 0f 1f 84 00 00 00 00 00 0f 1f 05 00 01 00 00'],
  ])('has nothing of %s', (_, hex) => {
    expect(found(hex)).toEqual([]);
    expect(found(`${hex} 48 8b 05 00 01 00 00`)).toHaveLength(1);
  });

  it('stops where it does not know on, and at the end', () => {
    expect(found('c4 e2 fb f7 c0 48 8b 05 00 01 00 00')).toEqual([]);
    for (const cut of [
      '48',
      '48 8b',
      '48 8b 05',
      '48 8b 05 00 01',
      '0f',
      '65',
      '48 c7 c7 78',
      '80 3d 00 01 00 00',
    ])
      expect(found(cut)).toEqual([]);
  });
});
