import { describe, expect, it } from 'vitest';
import { containerConfig, imageConfig, ociConfig } from './oci.ts';

const IMAGE = { entrypoint: ['/bin/program'], env: ['PATH=/bin'] };

describe('ociConfig', () => {
  it('binds over the file systems that a container has by default, sorted by destination', () => {
    const config = ociConfig(
      containerConfig('config:\n  binds:\n    - /proc:/proc\n    - /p:/persist:rshared,ro\n'),
      IMAGE,
    );
    expect(config).toMatchObject({
      process: { args: ['/bin/program'], env: ['PATH=/bin'], capabilities: { bounding: [] } },
      root: { path: 'rootfs', readonly: false },
      mounts: [
        { destination: '/dev', type: 'tmpfs' },
        { destination: '/persist', type: 'bind', source: '/p', options: ['rshared', 'ro', 'rbind'] },
        { destination: '/proc', type: 'bind', source: '/proc', options: ['rw', 'rbind', 'rshared'] },
      ],
      linux: { resources: { devices: [] } },
    });
  });

  it('takes command, capabilities, devices, tmpfs and propagation from build.yml', () => {
    const text = `config:
  readonly: true
  tmpfs:
    - /tmp:size=1m,mode=700
    - /var
  rootfsPropagation: shared
  capabilities:
    - all
  devices:
    - path: all
      type: a
  command:
    - /other
`;
    const config = ociConfig(containerConfig(text), IMAGE) as {
      process: { args: string[]; capabilities: Record<string, string[]> };
      mounts: { destination: string }[];
    };
    expect(config).toMatchObject({
      root: { readonly: true },
      linux: {
        rootfsPropagation: 'shared',
        resources: { devices: [{ allow: true, type: 'a', access: 'rwm' }] },
        namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'cgroup' }],
      },
    });
    expect(config.process.args).toEqual(['/other']);
    expect(config.process.capabilities.effective).toContain('CAP_SYS_BOOT');
    expect(config.process.capabilities.effective).toHaveLength(41);
    expect(config.mounts.filter(({ destination }) => destination === '/tmp')).toEqual([
      { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['size=1m', 'mode=700'] },
    ]);
  });

  it.each([
    ['config:\n  pid: host', 'config has pid; known are'],
    ['config:\n  capabilities:\n    - CAP_KILL', 'capabilities are CAP_KILL; known is all'],
    ['config:\n  binds:\n    - /dev', 'bind /dev; wanted SOURCE:DESTINATION'],
    ['config:\n  devices:\n    - path: /dev/null\n      type: c', 'known is path: all with a type'],
    ['config:\n  binds: /dev', 'binds is no sequence'],
    ['image: x', 'config is no mapping'],
  ])('refuses %j', (text, message) => {
    expect(() => ociConfig(containerConfig(text), IMAGE)).toThrow(message);
  });
});

describe('imageConfig', () => {
  it('reads the last stage alone', () => {
    const text = 'FROM a AS b\nENTRYPOINT ["x"]\nENV A=1\nFROM scratch\nENV B=2\nENTRYPOINT ["/p", "q"]\n';
    expect(imageConfig(text)).toEqual({ entrypoint: ['/p', 'q'], env: ['B=2'] });
    expect(() => imageConfig('FROM a\nENTRYPOINT ["x"]\nFROM b\n')).toThrow(
      'the last stage has no ENTRYPOINT',
    );
  });
});
