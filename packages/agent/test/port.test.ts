import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deviceBinary } from '../../../scripts/device_binary.ts';
import { NodePort } from '../src/node/node_port.ts';
import { type Place, SPARSE_OFFSET, SPARSE_TEXT } from './port_checks.ts';
import { checks } from './port_contract.ts';
import { forkChecks } from './port_fork_checks.ts';

/** A folder for the checks, with a file system of 1 MiB mounted in it. Needs root, as all of the lab does. */
function makePlace(): Place {
  const root = mkdtempSync(join(tmpdir(), 'kcrash-port-'));
  const place = { folder: join(root, 'folder'), small: join(root, 'small'), sparse: join(root, 'sparse') };
  mkdirSync(place.folder);
  mkdirSync(place.small);
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', place.small]);
  if (mounted.status !== 0) throw new Error(`cannot mount a tmpfs: ${mounted.stderr}`);
  mkdirSync(join(place.small, 'sub'));
  writeFileSync(join(place.small, 'kept'), 'x');
  const sparse = openSync(place.sparse, 'w');
  writeSync(sparse, SPARSE_TEXT, SPARSE_OFFSET);
  closeSync(sparse);
  return place;
}

function removePlace(place: Place): void {
  spawnSync('umount', [place.small]);
  rmSync(join(place.folder, '..'), { recursive: true });
}

describe('the port on Node', () => {
  const place = makePlace();
  afterAll(() => removePlace(place));
  for (const [name, check] of Object.entries(checks)) it(name, () => check(new NodePort(), place));
});

describe('the port on QuickJS', () => {
  const place = makePlace();
  const why = new Map<string, string | undefined>();

  beforeAll(() => {
    const program = join(place.folder, '../port_contract');
    deviceBinary('packages/agent/test/port_contract.device.ts', program, 'test');
    const ran = spawnSync(program, [JSON.stringify(place)], { encoding: 'utf8', timeout: 60_000 });
    expect(ran.stderr).toBe('');
    for (const line of ran.stdout.trim().split('\n')) {
      const result = JSON.parse(line) as { name: string; why?: string };
      why.set(result.name, result.why);
    }
  }, 300_000);
  afterAll(() => removePlace(place));

  for (const name of Object.keys({ ...checks, ...forkChecks })) {
    it(name, () => {
      expect(why.has(name), 'the check ran').toBe(true);
      expect(why.get(name)).toBeUndefined();
    });
  }
});
