import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Something QEMU tells unasked, such as `SHUTDOWN` or `RESET`. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, Json>>;
}

export type QmpMessage =
  | { readonly is: 'greeting' }
  | { readonly is: 'event'; readonly event: QmpEvent }
  | { readonly is: 'return'; readonly id: number; readonly value: Json }
  | { readonly is: 'error'; readonly id: number; readonly description: string };

/** Cuts a stream of bytes into QMP's messages: one JSON object a line. */
export class QmpFramer {
  #rest = '';

  push(piece: string): QmpMessage[] {
    const lines = (this.#rest + piece).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines.filter((line) => line.trim() !== '').map(parseMessage);
  }
}

function parseMessage(line: string): QmpMessage {
  const raw = JSON.parse(line) as {
    QMP?: unknown;
    event?: string;
    data?: Record<string, Json>;
    return?: Json;
    error?: { desc?: string };
    id?: number;
  };
  if (raw.event !== undefined) return { is: 'event', event: { event: raw.event, data: raw.data ?? {} } };
  if (raw.error !== undefined) {
    return { is: 'error', id: raw.id ?? -1, description: raw.error.desc ?? 'no description' };
  }
  if (raw.return !== undefined) return { is: 'return', id: raw.id ?? -1, value: raw.return };
  if (raw.QMP !== undefined) return { is: 'greeting' };
  throw new Error(`QMP sent ${line.slice(0, 200)}; wanted a greeting, an event, a return or an error`);
}

interface Waiting {
  resolve(value: Json): void;
  reject(error: Error): void;
}

/** A connection to QEMU's monitor. */
export class Qmp {
  readonly #socket: Socket;
  readonly #framer = new QmpFramer();
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  private constructor(socket: Socket, onEvent: (event: QmpEvent) => void) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (piece: string) => {
      for (const message of this.#framer.push(piece)) this.#take(message, onEvent);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('QEMU closed its monitor'));
      this.#waiting.clear();
    });
  }

  /** Connects to a socket that QEMU may not have made yet, and leaves capabilities negotiation. */
  static async open(path: string, onEvent: (event: QmpEvent) => void): Promise<Qmp> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const qmp = new Qmp(await connected(path), onEvent);
        await qmp.execute('qmp_capabilities');
        return qmp;
      } catch (error) {
        if (attempt >= 200) throw error;
        await sleep(50);
      }
    }
  }

  /** Runs a command; throws with QEMU's own words when it fails. */
  execute(command: string, parameters: Readonly<Record<string, Json>> = {}): Promise<Json> {
    const id = this.#nextId;
    this.#nextId += 1;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, {
        resolve,
        reject: (error) => reject(new Error(`QMP ${command}: ${error.message}`)),
      });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: parameters, id })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(message: QmpMessage, onEvent: (event: QmpEvent) => void): void {
    if (message.is === 'event') onEvent(message.event);
    if (message.is !== 'return' && message.is !== 'error') return;
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.is === 'return') waiting?.resolve(message.value);
    else waiting?.reject(new Error(message.description));
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}
