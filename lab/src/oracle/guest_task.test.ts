import { describe, expect, it } from 'vitest';
import { parseAnswers } from './answers.ts';
import { guestTasks, statFields, statusLines, switches } from './guest_task.ts';

const file = (path: string, text: string) => `@${path} ${Buffer.byteLength(text)}\n${text}\n`;
const STATUS = 'Name:\todd \\n\\\\)(\nState:\tS (sleeping)\nGroups:\t7 9 \nvoluntary_ctxt_switches:\t4\n';
const STAT = '12 (odd \n\\)() S 1 12 12 0 -1 4194560\n';

describe('guestTasks', () => {
  it('collects what belongs to a task', () => {
    const answers = parseAnswers(
      Buffer.from(
        [
          file('/proc/modules', ''),
          file('/proc/10/task/12/status', `${STATUS}nonvoluntary_ctxt_switches:\t2\n`),
          file('/proc/10/task/12/stat', STAT),
          file('/proc/10/task/12/stack', '[<0>] pipe_read+0x1/0x20\n[<0>] lab_read+0x3/0x4 [lab]\n'),
          file('/proc/10/task/12/cmdline', 'a\0b\0'),
          file('/proc/10/task/12/ns/net', 'net:[4026531840]'),
        ].join(''),
      ),
    );
    const [task, ...others] = guestTasks(answers);
    expect(others).toEqual([]);
    expect(task?.pid).toBe(12);
    expect(task?.stack).toEqual(['pipe_read+0x1/0x20', 'lab_read+0x3/0x4 [lab]']);
    expect(task?.namespaces).toEqual(new Map([['net', 'net:[4026531840]']]));
    expect(task?.commandLine?.toString()).toBe('a\0b\0');
    expect(task && switches(task)).toBe('4 2');
  });

  it('complains of a task without its stack', () => {
    const answers = parseAnswers(
      Buffer.from(file('/proc/1/task/1/stat', STAT) + file('/proc/1/task/1/status', STATUS)),
    );
    expect(() => guestTasks(answers)).toThrow('the guest did not read /proc/1/task/1/stack');
  });
});

describe('statusLines', () => {
  it('unescapes the name and keeps what else there is', () => {
    const status = statusLines(STATUS);
    expect(status.get('Name')).toBe('odd \n\\)(');
    expect(status.get('Groups')).toBe('7 9 ');
  });
});

describe('statFields', () => {
  it('counts from 1 whatever the name is', () => {
    const stat = statFields(STAT);
    expect([stat[1], stat[2], stat[3], stat[4], stat[9]]).toEqual(['12', 'odd \n\\)(', 'S', '1', '4194560']);
  });
});
