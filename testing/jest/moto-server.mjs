import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../moto_server.py', import.meta.url));
// As in src/needs.ts.
const python = process.platform === 'win32' ? 'python' : 'python3';

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts Moto (https://docs.getmoto.org) on a free port, and waits until it answers. */
export async function startMotoServer() {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(python, [script, '127.0.0.1', String(port)], {
    stdio: 'ignore',
    // A thousand machine images for each region and reset, at which nothing here looks.
    env: { ...process.env, MOTO_EC2_LOAD_DEFAULT_AMIS: 'false' },
  });
  const ended = once(child, 'exit');
  const end = Date.now() + 120_000;
  for (;;) {
    const isUp = await fetch(`${endpoint}/moto-api/`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) break;
    if (child.exitCode !== null) throw new Error(`moto_server ended with ${child.exitCode}`);
    if (Date.now() > end) throw new Error('timed out after 120 s waiting for moto_server');
    await sleep(100);
  }
  return {
    endpoint,
    async close() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
