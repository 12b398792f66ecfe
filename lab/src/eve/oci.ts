import { parseYaml, type Yaml } from './yaml.ts';

/** What a package's `build.yml` asks for its container: the part of linuxkit's `config` that is used here. */
export interface ContainerConfig {
  readonly readonly: boolean;
  /** `SOURCE:DESTINATION` or `SOURCE:DESTINATION:OPTION,…`. */
  readonly binds: readonly string[];
  /** `DESTINATION` or `DESTINATION:OPTION,…`. */
  readonly tmpfs: readonly string[];
  readonly rootfsPropagation: string | undefined;
  readonly allCapabilities: boolean;
  /** Kinds of devices (`a` is all) that the container may use. */
  readonly allDevicesOfTypes: readonly string[];
  readonly command: readonly string[] | undefined;
}

/** What a Dockerfile says of how its image runs. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
}

interface OciMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** Every capability of Linux 5.9 and later. */
const CAPABILITIES =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE
NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE
SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL
SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`);

/** Reads `config` of a `build.yml`; a field that is not known here is an error, not something left out. */
export function containerConfig(buildYml: string): ContainerConfig {
  const config = mapping(mapping(parseYaml(buildYml), 'build.yml').config, 'config');
  const known = ['readonly', 'binds', 'tmpfs', 'rootfsPropagation', 'capabilities', 'devices', 'command'];
  const unknown = Object.keys(config).find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`config has ${unknown}; known are ${known.join(', ')}`);
  const capabilities = strings(config.capabilities, 'capabilities');
  if (capabilities !== undefined && capabilities.join() !== 'all') {
    throw new Error(`capabilities are ${capabilities.join()}; known is all`);
  }
  const propagation = config.rootfsPropagation;
  return {
    readonly: config.readonly === true,
    binds: strings(config.binds, 'binds') ?? [],
    tmpfs: strings(config.tmpfs, 'tmpfs') ?? [],
    rootfsPropagation: typeof propagation === 'string' ? propagation : undefined,
    allCapabilities: capabilities !== undefined,
    allDevicesOfTypes: list(config.devices, 'devices').map(deviceType),
    command: strings(config.command, 'command'),
  };
}

/**
 * The OCI runtime configuration that linuxkit makes of this (its `ConfigToOCI`), for a container without
 * networks of its own: new pid, mount and cgroup namespaces; `/proc` and `/dev` of its own unless it binds the
 * host's; no seccomp. linuxkit also mounts `/sys`, `/sys/fs/cgroup` and `/dev/pts`; those are left out, so that
 * what runs here needs none of them.
 */
export function ociConfig(container: ContainerConfig, image: ImageConfig): object {
  const capabilities = container.allCapabilities ? CAPABILITIES : [];
  return {
    ociVersion: '1.0.0',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: container.command ?? image.entrypoint,
      env: image.env,
      cwd: '/',
      capabilities: {
        bounding: capabilities,
        effective: capabilities,
        inheritable: capabilities,
        permitted: capabilities,
      },
    },
    root: { path: 'rootfs', readonly: container.readonly },
    mounts: mounts(container),
    linux: {
      resources: {
        devices: container.allDevicesOfTypes.map((type) => ({ allow: true, type, access: 'rwm' })),
      },
      namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'cgroup' }],
      ...(container.rootfsPropagation === undefined
        ? {}
        : { rootfsPropagation: container.rootfsPropagation }),
    },
  };
}

function mounts({ binds, tmpfs }: ContainerConfig): OciMount[] {
  const byDestination = new Map<string, OciMount>();
  const add = (mount: OciMount) => byDestination.set(mount.destination, mount);
  const proc = ['nosuid', 'nodev', 'noexec', 'relatime'];
  const dev = ['nosuid', 'strictatime', 'mode=755', 'size=65536k'];
  add({ destination: '/proc', type: 'proc', source: 'proc', options: proc });
  add({ destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: dev });
  for (const each of tmpfs) {
    const [destination = '', options] = each.split(':');
    add({ destination, type: 'tmpfs', source: 'tmpfs', options: options?.split(',') ?? [] });
  }
  for (const bind of binds) {
    const [source, destination, options, ...more] = bind.split(':');
    if (source === undefined || destination === undefined || more.length > 0) {
      throw new Error(`bind ${bind}; wanted SOURCE:DESTINATION or SOURCE:DESTINATION:OPTIONS`);
    }
    const given = options === undefined ? ['rw', 'rbind', 'rshared'] : [...options.split(','), 'rbind'];
    add({ destination, type: 'bind', source, options: given });
  }
  return [...byDestination.values()].sort((a, b) => (a.destination < b.destination ? -1 : 1));
}

/** Reads `ENTRYPOINT` (in its JSON form) and `ENV` of the last stage of a Dockerfile. */
export function imageConfig(dockerfile: string): ImageConfig {
  const lines = dockerfile.split('\n');
  const last = lines.slice(lines.findLastIndex((line) => /^FROM /.test(line)));
  const entrypoint = last.flatMap((line) => /^ENTRYPOINT (\[.*\])$/.exec(line)?.[1] ?? []).at(-1);
  if (entrypoint === undefined) throw new Error('the last stage has no ENTRYPOINT ["…"]');
  return {
    entrypoint: JSON.parse(entrypoint) as string[],
    env: last.flatMap((line) => /^ENV (\w+=\S+)$/.exec(line)?.[1] ?? []),
  };
}

function mapping(value: Yaml | undefined, name: string): { readonly [key: string]: Yaml } {
  if (typeof value !== 'object' || Array.isArray(value)) throw new Error(`${name} is no mapping`);
  return value as { readonly [key: string]: Yaml };
}

function list(value: Yaml | undefined, name: string): readonly Yaml[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new Error(`${name} is no sequence`);
  return value;
}

function strings(value: Yaml | undefined, name: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  return list(value, name).map((item) => {
    if (typeof item !== 'string') throw new Error(`${name} has ${JSON.stringify(item)}; wanted a string`);
    return item;
  });
}

function deviceType(value: Yaml): string {
  const { path, type } = mapping(value, 'a device');
  if (path !== 'all' || typeof type !== 'string') {
    throw new Error(`device ${JSON.stringify(value)}; known is path: all with a type`);
  }
  return type;
}
