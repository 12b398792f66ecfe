import { describe, expect, it } from 'vitest';
import { FakeTasks } from '../../test/fake_tasks.ts';
import { messageParts } from './messages.ts';

function machine() {
  const tasks = new FakeTasks([
    { pid: 1, comm: 'init' },
    { pid: 2, comm: 'other' },
  ]);
  const { kernel } = tasks;
  kernel.struct('nsproxy', { uts_ns: 'ptr', ipc_ns: 'ptr' });
  kernel.struct('ipc_ids', { in_use: 'int', ipcs_idr: 'idr' });
  kernel.struct('ipc_namespace', { ids: 'ipc_ids[3]', mq_mnt: 'ptr' });
  kernel.struct('kern_ipc_perm', { lock: 'int', id: 'int' });
  kernel.struct('msg_queue', { q_perm: 'kern_ipc_perm', q_stime: 'u64', q_messages: 'list_head' });
  kernel.struct('msg_msgseg', { next: 'ptr' });
  kernel.struct('msg_msg', {
    m_list: 'list_head',
    m_type: 'long',
    m_ts: 'u64',
    next: 'ptr',
    security: 'ptr',
  });
  const space = kernel.object('ipc_namespace');
  const proxy = kernel.object('nsproxy', { ipc_ns: space });
  for (const pid of [1, 2]) kernel.set('task_struct', tasks.task(pid), 'nsproxy', proxy);
  const queue = kernel.object('msg_queue');
  const node = kernel.object('xa_node');
  kernel.set('xa_node', node, 'slots[3]', queue);
  kernel.set('ipc_namespace', space, 'ids[1].ipcs_idr.idr_rt.xa_head', node + 2n);
  const list = queue + BigInt(kernel.offset('msg_queue', 'q_messages'));
  const header = BigInt(kernel.size('msg_msg'));
  const parts = () => {
    const findings: string[] = [];
    return { parts: messageParts(tasks.dump(), findings), findings };
  };
  return { kernel, list, header, parts };
}

describe('messages of System V', () => {
  it('are found in every queue, each piece of a long one', () => {
    const { kernel, list, header, parts } = machine();
    const last = kernel.object('msg_msgseg');
    const next = kernel.object('msg_msgseg', { next: last });
    const long = kernel.object('msg_msg', { m_ts: 4096 - Number(header) + 4088 + 100, next });
    const short = kernel.object('msg_msg', { m_ts: 10 });
    kernel.list(list, 'msg_msg', 'm_list', [short, long]);
    expect(parts()).toEqual({
      parts: [
        { at: short + header, length: 10 },
        { at: long + header, length: 4096 - Number(header) },
        { at: next + 8n, length: 4088 },
        { at: last + 8n, length: 100 },
      ],
      findings: [],
    });
  });

  it('of pieces in a circle, and of any length, end', () => {
    const { kernel, list, parts } = machine();
    const next = kernel.object('msg_msgseg');
    kernel.set('msg_msgseg', next, 'next', next);
    const message = kernel.object('msg_msg', { m_ts: 2n ** 52n, next });
    kernel.list(list, 'msg_msg', 'm_list', [message]);
    const { parts: found, findings } = parts();
    expect(found).toHaveLength(1 << 18);
    expect(findings).toEqual(['There are over 262144 messages: not all are overwritten']);
  });
});
