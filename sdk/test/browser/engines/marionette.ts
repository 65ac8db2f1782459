import { connect } from 'node:net';
import type { Send } from './webdriver.js';

/** A connection to Firefox's Marionette, which is WebDriver over TCP: messages are `<bytes>:<JSON>`. */
export interface Marionette {
  send: Send;
  close(): void;
}

type Reply = [type: 1, id: number, error: { error: string; message: string } | null, result: unknown];

/** Connects to the Marionette on this port, and begins its one session. https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html */
export async function connectMarionette(port: number): Promise<Marionette> {
  const socket = connect(port, '127.0.0.1');
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let lastId = 0;
  let greeted = () => {};
  const greeting = new Promise<void>((resolve, reject) => {
    greeted = resolve;
    socket.on('error', reject);
  });

  function take(message: Reply | object): void {
    if (!Array.isArray(message)) {
      greeted();
      return;
    }
    const [, id, error, result] = message as Reply;
    const { resolve, reject } = waiting.get(id)!;
    waiting.delete(id);
    if (error) reject(new Error(`Marionette: ${error.error}: ${error.message}`));
    else resolve(result);
  }

  let read = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    read = Buffer.concat([read, chunk]);
    for (;;) {
      const colon = read.indexOf(':');
      const end = colon + 1 + Number(read.subarray(0, colon));
      if (colon < 0 || read.length < end) return;
      const text = read.toString('utf8', colon + 1, end);
      read = read.subarray(end);
      take(JSON.parse(text));
    }
  });
  socket.on('close', () => {
    for (const { reject } of waiting.values()) reject(new Error('Marionette: the browser has ended.'));
  });

  const ask = (command: string, parameters: object) => {
    const id = ++lastId;
    const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
    const text = JSON.stringify([0, id, `WebDriver:${command}`, parameters]);
    socket.write(`${Buffer.byteLength(text)}:${text}`);
    return answer;
  };

  await greeting;
  await ask('NewSession', {});
  return {
    async send(command, parameters = {}) {
      const result = await ask(command, parameters);
      // Some commands answer with the bare value.
      return result && typeof result === 'object' && 'value' in result ? result.value : result;
    },
    close: () => socket.destroy(),
  };
}
