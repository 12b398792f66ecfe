import { describe, expect, it } from 'vitest';
import { rustPath } from './rust_symbol.ts';

describe('rustPath', () => {
  it.each([
    // From RFC 2603's examples and rustc's documentation of symbol mangling.
    ['_RNvCs1234_7mycrate3foo', 'mycrate::foo'],
    ['_RNvNtCs1234_7mycrate3foo3bar', 'mycrate::foo::bar'],
    ['_RNvCskwGfYPst2Cb_3foo16example_function', 'foo::example_function'],
    ['_RNCNvCsgStHSCytQ6I_7mycrate4main0B3_', 'mycrate::main::{closure#0}'],
    ['_RINvCs1234_7mycrate3fooljE', 'mycrate::foo::<i32, usize>'],
    ['_RINvNtC3std3mem8align_ofNtNtC3std3mem12DiscriminantE', 'std::mem::align_of::<std::mem::Discriminant>'],

    ['_RNvMs_Cs4fqI2P2rA04_13const_genericINtB4_8UnsignedKhb_E1f', '<const_generic::Unsigned::<11>>::f'],
    ['_RNvXs_C7mycrateNtB4_3FooNtNtC4core3fmt5Debug3fmt', '<mycrate::Foo as core::fmt::Debug>::fmt'],
    ['_RINvC7mycrate1fRShRNtB2_1TE', 'mycrate::f::<&[u8], &mycrate::T>'],
    ['_ZN4core9panicking5panic17h0123456789abcdefE', 'core::panicking::panic'],
  ])('reads %s', (symbol, path) => {
    expect(rustPath(symbol)).toBe(path);
  });

  it.each([
    '_Raw',
    '_RN',
    '_RNvC',
    '_RNvC99999x',
    'do_syscall_64',
    '_ZN3fooE',
    '_ZN999',
    '_RBa_',
    '_RIB_B_E',
    '',
  ])('leaves %s alone', (symbol) => {
    expect(rustPath(symbol)).toBeNull();
  });

  it('ends soon on back references that would grow without bound', () => {
    const nested = `_RINvC1a1bT${'TB2_B2_E'.repeat(200)}EE`;
    expect(rustPath(nested)).toBeNull();
  });
});
