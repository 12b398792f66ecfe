import { describe, expect, it } from 'vitest';
import { parseYaml } from './yaml.ts';

describe('parseYaml', () => {
  it('reads mappings, sequences, scalars and comments', () => {
    const text = `# a package
org: lfedge   # whose
config:
  readonly: true
  retries: -3
  binds:
    - /dev:/dev
    - "/a b:/c"
  devices:
    - path: all
      type: a
    - path: '/dev/null'
      type: c
same:
- one
- 'two # three'
last: 1.2.3
`;
    expect(parseYaml(text)).toEqual({
      org: 'lfedge',
      config: {
        readonly: true,
        retries: -3,
        binds: ['/dev:/dev', '/a b:/c'],
        devices: [
          { path: 'all', type: 'a' },
          { path: '/dev/null', type: 'c' },
        ],
      },
      same: ['one', 'two # three'],
      last: '1.2.3',
    });
  });

  it.each([
    ['a: [1, 2]', 'line 1: "[1, 2]" is not a plain or quoted scalar'],
    ['a: |\n  text', 'line 1: "|" is not a plain or quoted scalar'],
    ['a: &x 1', 'line 1: "&x 1" is not a plain or quoted scalar'],
    ['a: b: c', 'line 1: "b: c" is not a plain or quoted scalar'],
    ['a: 1\na: 2', 'line 2: a twice'],
    ['a: 1\n  b: 2', 'line 2: indented by 2, which fits nothing'],
    ['a:\n\tb: 1', 'line 2: a tab'],
    ['a:\nb: 1', 'line 2: wanted a value, indented by 1 or more'],
    ['a:', 'line after the last: wanted a value, indented by 1 or more'],
    ['just text', 'line 1: "just text"; wanted "key: value" or "key:"'],
  ])('refuses %j', (text, message) => {
    expect(() => parseYaml(text)).toThrow(message);
  });
});
