import type { Port } from '../src/port.ts';
import { type Checks, equal, fails, goneSoon, holds, load, save, shell } from './port_checks.ts';

/** What only a port that really forks, mounts and unmounts can do. */
export const forkChecks: Checks = {
  'isolated work can not touch its caller'(port) {
    let touched = false;
    equal(
      port.isolate(5, () => {
        touched = true;
        return touched;
      }),
      { ok: true, value: true },
    );
    equal(touched, false);
  },

  'isolated work that hangs is ended, with what it started'(port) {
    const start = port.monotonicSeconds();
    const spins = port.isolate(0.2, () => {
      for (;;);
    });
    equal(spins, { ok: false, why: 'not done within 0.2 s' });
    const waits = port.isolate(0.3, () => port.run(['sleep', '97.34'], { limitSeconds: 60 }));
    equal(waits, { ok: false, why: 'not done within 0.3 s' });
    holds(port.monotonicSeconds() - start < 3, 'in time');
    goneSoon(port, ['sleep', '97.34']);
  },

  'isolated work that is killed or ends early says so'(port) {
    const killed = port.isolate(5, () => shell(port, 'kill -KILL $PPID; sleep 5'));
    equal(killed, { ok: false, why: 'killed by signal 9' });
    const overflows = port.isolate(5, () => {
      const deeper = (n: number): number => deeper(n + 1) + 1;
      return deeper(0);
    });
    equal(overflows, { ok: false, why: 'stack overflow' });
    const large = port.isolate(20, () => 'z'.repeat(1 << 20));
    equal(large, { ok: false, why: 'its result has more than 1048576 bytes' });
  },

  'isolated work and programs are the first to be killed when memory ends'(port) {
    const read = () => load(port, '/proc/self/oom_score_adj').trim();
    const own = read();
    equal(port.isolate(5, read), { ok: true, value: '1000' });
    equal(port.run(['cat', '/proc/self/oom_score_adj'], { limitSeconds: 5 }), {
      how: 'exited',
      code: 0,
      output: '1000\n',
    });
    equal(read(), own);
  },

  'nothing is inherited but the three standard files'(port, { folder }) {
    save(port, `${folder}/open`, 'x');
    const file = port.open(`${folder}/open`);
    const listed = port.run(['ls', '/proc/self/fd'], { limitSeconds: 5 });
    file.close();
    equal(listed, { how: 'exited', code: 0, output: '0\n1\n2\n3\n' }); // 3: ls itself reads the folder
  },

  'no file stays open and no child stays a zombie'(port) {
    const open = () => port.list('/proc/self/fd').length;
    const before = open();
    for (let i = 0; i < 5; i++) {
      port.run(['true'], { limitSeconds: 5 });
      port.run(['/no/such/program'], { limitSeconds: 5 });
      port.run(['sleep', '9'], { limitSeconds: 0.02 });
      port.isolate(5, () => 1);
      fails('ENOENT', () => port.open('/no/such/file'));
      port.readFile('/proc/self/status');
    }
    equal(open(), before);
    const own = /^Pid:\s*(\d+)/m.exec(load(port, '/proc/self/status'))?.[1];
    equal(load(port, `/proc/self/task/${own}/children`), '');
  },

  'a file system goes read-only, writable, and away'(port, { small }) {
    equal(port.run(['mount', '-o', 'remount,ro,noexec', small], { limitSeconds: 5 }).how, 'exited');
    equal(port.fileSystem(small).readOnly, true);
    fails('EROFS', () => port.create(`${small}/x`, 0o600));
    port.remount(small, false);
    equal(port.fileSystem(small).readOnly, false);
    port.remount(small, true);
    equal(port.fileSystem(small).readOnly, true);
    port.remount(small, false);
    holds(mountOf(port, small).includes('noexec'), 'its other flags stay');
    port.mountMemory(small, 1 << 20);
    equal(port.list(small), []);
    equal(port.fileSystem(small).totalBytes, 1 << 20);
    port.unmount(small);
    const file = port.open(`${small}/kept`);
    fails('EBUSY', () => port.unmount(small));
    file.close();
    port.unmount(small);
    equal(port.list(small), []);
    fails('EINVAL', () => port.unmount(small));
  },
};

function mountOf(port: Port, path: string): string {
  return (
    load(port, '/proc/mounts')
      .split('\n')
      .find((line) => line.split(' ')[1] === path) ?? ''
  );
}
