import { type Checks, equal, goneSoon, holds, save, shell } from './port_checks.ts';

/** Of the programs that a port runs. */
export const programChecks: Checks = {
  'a program ends with its code and both streams in order'(port) {
    equal(shell(port, 'echo one; echo two >&2; echo drei ä; exit 7'), {
      how: 'exited',
      code: 7,
      output: 'one\ntwo\ndrei ä\n',
    });
    equal(port.run(['true'], { limitSeconds: 5 }), { how: 'exited', code: 0, output: '' });
  },

  'words reach the program as they are, standard input is empty'(port) {
    const words = ['a b', '', '$HOME', "'", 'ä'];
    equal(port.run(['printf', '[%s]', ...words], { limitSeconds: 5 }), {
      how: 'exited',
      code: 0,
      output: "[a b][][$HOME]['][ä]",
    });
    equal(port.run(['cat'], { limitSeconds: 5 }), { how: 'exited', code: 0, output: '' });
  },

  'a program that can not be started says why'(port, { folder }) {
    save(port, `${folder}/text`, 'no program', 0o644);
    for (const [program, why] of [
      ['/no/such/program', 'ENOENT'],
      ['no-such-program-anywhere', 'ENOENT'],
      [`${folder}/text`, 'EACCES'],
      [folder, 'EACCES'],
    ] as const) {
      equal(port.run([program, 'x'], { limitSeconds: 5 }), { how: 'not-started', why });
    }
  },

  'a program killed by a signal says which'(port) {
    equal(shell(port, 'echo before; kill -SEGV $$'), { how: 'killed', signal: 11, output: 'before\n' });
  },

  'the time limit ends the whole process group'(port) {
    const start = port.monotonicSeconds();
    const ended = shell(port, 'echo began; sleep 97.31 & sleep 97.32 & wait', 0.4);
    equal(ended, { how: 'timed-out', output: 'began\n' });
    const took = port.monotonicSeconds() - start;
    holds(took >= 0.39 && took < 2, `it took ${took} s`);
    goneSoon(port, ['sleep', '97.31']);
    goneSoon(port, ['sleep', '97.32']);
  },

  'a program that ignores signals is ended too'(port) {
    const ended = shell(port, 'trap "" TERM INT HUP; while :; do sleep 0.05; done', 0.3);
    equal(ended.how, 'timed-out');
  },

  'what a program leaves behind keeps nobody waiting and is ended'(port) {
    const start = port.monotonicSeconds();
    equal(shell(port, 'sleep 97.33 & echo left'), { how: 'exited', code: 0, output: 'left\n' });
    holds(port.monotonicSeconds() - start < 2, 'it did not wait for the child');
    goneSoon(port, ['sleep', '97.33']);
  },

  'a program that closes its output is waited for'(port) {
    const start = port.monotonicSeconds();
    equal(shell(port, 'exec >&- 2>&-; sleep 0.3; exit 3'), { how: 'exited', code: 3, output: '' });
    holds(port.monotonicSeconds() - start >= 0.3, 'it slept');
  },

  'the first bytes of much output are kept'(port) {
    const ended = shell(port, 'head -c 3000000 /dev/zero | tr "\\0" x; echo end >&2', 20, 1000);
    equal(ended, { how: 'exited', code: 0, output: 'x'.repeat(1000) });
    const all = port.run(['sh', '-c', 'head -c 30000 /dev/zero | tr "\\0" y'], { limitSeconds: 20 });
    equal(all, { how: 'exited', code: 0, output: 'y'.repeat(16_384) });
  },

  'the caller is called twice a second'(port) {
    let calls = 0;
    const whileRunning = () => {
      calls += 1;
    };
    port.run(['sleep', '1.3'], { limitSeconds: 5, whileRunning });
    equal(calls, 2);
  },
};
