import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Qmp, QmpFramer } from './qmp.ts';

describe('QmpFramer', () => {
  it('cuts a stream into messages wherever its pieces end', () => {
    const stream = [
      '{"QMP": {"version": {"qemu": {"major": 7}}, "capabilities": []}}',
      '{"return": {}, "id": 1}',
      '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": true}}',
      '{"id": 2, "error": {"class": "CommandNotFound", "desc": "no such command"}}',
    ]
      .map((line) => `${line}\r\n`)
      .join('');
    const wanted = [
      { is: 'greeting' },
      { is: 'return', id: 1, value: {} },
      { is: 'event', event: { event: 'RESET', data: { guest: true } } },
      { is: 'error', id: 2, description: 'no such command' },
    ];
    for (const size of [1, 7, 64, stream.length]) {
      const framer = new QmpFramer();
      const found = [];
      for (let at = 0; at < stream.length; at += size)
        found.push(...framer.push(stream.slice(at, at + size)));
      expect(found).toEqual(wanted);
    }
  });

  it('refuses what is none of its messages', () => {
    expect(() => new QmpFramer().push('{"hello": 1}\n')).toThrow(
      'wanted a greeting, an event, a return or an error',
    );
  });
});

describe('Qmp', () => {
  it('negotiates, answers each command by its id, and tells events', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'qmp-'));
    const path = join(folder, 'socket');
    const server = createServer((socket) => {
      socket.write('{"QMP": {}}\n');
      socket.on('data', (piece) => {
        for (const line of piece.toString().trim().split('\n')) {
          const { execute, id } = JSON.parse(line) as { execute: string; id: number };
          if (execute === 'fails') socket.write(`{"error": {"desc": "it may not"}, "id": ${id}}\n`);
          else socket.write(`{"event": "${execute}"}\n{"return": "did ${execute}", "id": ${id}}\n`);
        }
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
    const events: string[] = [];
    const qmp = await Qmp.open(path, ({ event }) => events.push(event));
    try {
      expect(await qmp.execute('stop')).toBe('did stop');
      await expect(qmp.execute('fails')).rejects.toThrow('QMP fails: it may not');
      expect(events).toEqual(['qmp_capabilities', 'stop']);
    } finally {
      qmp.close();
      server.close();
      rmSync(folder, { recursive: true });
    }
  });
});
