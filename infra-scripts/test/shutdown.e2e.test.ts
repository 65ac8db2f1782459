import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { sandbox } from './support/millrace.js';

const bin = fileURLToPath(new URL('../../bin/millrace.js', import.meta.url));

test('a signal while the ingest server starts, in front of a Kinesis that never answers, ends it before it listens', async () => {
  const box = sandbox();
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket));
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const child = spawn(process.execPath, [bin, 'ingest', '--port', '0', '--state', box.state], {
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  try {
    // Now it waits for Kinesis.
    await once(silent, 'connection');
    child.kill('SIGTERM');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect(output).not.toContain('The ingest server is at');
  } finally {
    child.kill('SIGKILL');
    for (const socket of sockets) socket.destroy();
    silent.close();
    await box.remove();
  }
});
