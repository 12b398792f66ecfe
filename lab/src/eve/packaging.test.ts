import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exec } from '../exec.ts';
import { inScratch } from '../image.ts';
import { guestFolder } from '../paths.ts';
import { collectRoot, packagingFolder, readKdumpPackage } from './kdump_package.ts';
import { parseYaml } from './yaml.ts';

const kdump = join(packagingFolder, 'pkg', 'kdump');
const eveGuest = join(guestFolder, 'eve');
const read = (...path: string[]) => readFileSync(join(...path), 'utf8');

describe('the kdump package', () => {
  it('binds what the device contract says, and nothing else of the host', () => {
    const build = parseYaml(read(kdump, 'build.yml'));
    expect(build).toMatchObject({
      arches: ['amd64'],
      config: {
        binds: ['/dev:/dev', '/proc:/proc', '/persist:/persist:rshared,rbind'],
        rootfsPropagation: 'shared',
        capabilities: ['all'],
      },
    });
  });

  it('becomes a container that runs `kcrash collect`', () => {
    const { oci, programs } = readKdumpPackage();
    expect(programs).toEqual(['makedumpfile']);
    expect(oci).toMatchObject({
      process: { args: ['/usr/bin/kcrash', 'collect'], cwd: '/', env: ['PATH=/usr/bin'] },
      root: { readonly: true },
    });
    const { mounts } = oci as { mounts: { destination: string }[] };
    const destinations = mounts.map(({ destination }) => destination);
    expect(destinations).toEqual(['/dev', '/persist', '/proc', '/tmp']);
  });

  it('copies only files that are there, and the binary that the README says to put there', () => {
    const sources = read(kdump, 'Dockerfile').matchAll(/^COPY (?:--chmod=\d+ )?([^-\s]\S*) \S+$/gm);
    const names = [...sources].map(([, name = '']) => name);
    expect(names).toEqual(['collect-root.sh', 'kcrash']);
    expect(existsSync(join(kdump, 'collect-root.sh'))).toBe(true);
    expect(read(kdump, '.gitignore')).toBe('kcrash\n');
    expect(read(packagingFolder, 'README.md')).toContain('cp dist/device/kcrash packaging/eve/pkg/kdump/');
  });
});

describe('collect-root.sh', () => {
  it('collects a program so that it runs from there alone', async () => {
    await inScratch(async (root) => {
      await collectRoot(root, ['cat']);
      const libraries = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\.so\b/.test(name),
      );
      expect(libraries.map((name) => name.replace(/.*\//, ''))).toContain('libc.so.6');
      const loader = libraries.find((name) => /\/ld-linux[^/]*$/.test(name)) ?? '';
      const folders = libraries.map((name) => join(root, name, '..')).join(':');
      const program = join(root, 'usr/bin/cat');
      const traced = await exec(join(root, loader), ['--library-path', folders, '--list', program]);
      const paths = [...traced.toString('utf8').matchAll(/=> (\S+)/g)].map(([, path = '']) => path);
      expect(paths.filter((path) => !path.startsWith(root))).toEqual([]);
      for (const folder of ['dev', 'proc', 'sys', 'tmp', 'persist']) {
        expect(statSync(join(root, folder)).isDirectory()).toBe(true);
      }
    });
  });

  it('names a program that is not there', async () => {
    await inScratch(async (root) => {
      await expect(collectRoot(root, ['no-such-program'])).rejects.toThrow(
        'no-such-program is not installed',
      );
    });
  });
});

describe('scripts', () => {
  it('000-kexec is one command', () => {
    const path = join(packagingFolder, 'dom0/etc/init.d/000-kexec');
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    expect(lines.filter((line) => !line.startsWith('#'))).toEqual(['exec kcrash arm']);
    expect(lines[0]).toBe('#!/bin/sh');
    expect(statSync(path).mode & 0o111).toBe(0o111);
  });

  it.each([
    join(packagingFolder, 'dom0/etc/init.d/000-kexec'),
    join(kdump, 'collect-root.sh'),
    ...['init', 'storage-init.sh', 'after.sh'].map((name) => join(eveGuest, name)),
  ])('the shell reads %s', async (path) => {
    await exec('sh', ['-n', path]);
  });

  it.each([join(packagingFolder, 'grub/crashkernel.cfg'), join(eveGuest, 'grub.cfg')])(
    'GRUB reads %s',
    async (path) => {
      await exec('grub-script-check', [path]);
    },
  );

  it.each(['storage-init.yml', 'after.yml'])('%s can be read', (name) => {
    expect(parseYaml(read(eveGuest, name))).toMatchObject({ config: { readonly: true } });
  });
});
