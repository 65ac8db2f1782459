import { Agent, request as httpRequest } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { cleanUp, later, temporaryFolder } from './support/app.js';
import { type ServerProcess, startProcess } from './support/crashes.js';
import { jsonLines, someEvent } from './support/events.js';
import { startStubKinesis } from './support/stub-kinesis.js';

afterEach(cleanUp);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A balancer of connections: a new one goes to a server that said at its last check that it is ready. */
async function startBalancer() {
  const servers = new Map<ServerProcess, boolean>();
  const sockets = new Set<Socket>();
  let turn = 0;
  const check = async () => {
    for (const server of servers.keys()) {
      const ready = await fetch(`http://127.0.0.1:${server.port}/readyz`, { headers: { connection: 'close' } }).then(
        ({ ok }) => ok,
        () => false,
      );
      if (servers.has(server)) servers.set(server, ready);
    }
  };
  let checking = true;
  const checks = (async () => {
    while (checking) {
      await check();
      await pause(50);
    }
  })();
  const proxy = createServer((client) => {
    const ready = [...servers].filter(([, isReady]) => isReady).map(([server]) => server);
    if (ready.length === 0) return client.destroy();
    const server = connect(ready[turn++ % ready.length]!.port, '127.0.0.1');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    }
    client.pipe(server).pipe(client);
    return undefined;
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  later(async () => {
    checking = false;
    await checks;
    for (const socket of sockets) socket.destroy();
    proxy.close();
  });
  return { port: (proxy.address() as AddressInfo).port, servers, check };
}

test('in a rolling restart behind a balancer no client sees a failed request, and nothing is lost', async () => {
  const stub = await startStubKinesis();
  const folders = [await temporaryFolder(), await temporaryFolder()];
  const start = (i: number) => startProcess(stub, folders[i]!, { MILLRACE_DRAIN_MS: '1000' });
  const balancer = await startBalancer();
  const running = [await start(0), await start(1)];
  for (const server of running) balancer.servers.set(server, true);

  const failures: string[] = [];
  const acknowledged: string[] = [];
  let isOver = false;
  async function client(visitor: string) {
    // Kept connections, as a browser or a server has them.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    while (!isOver) {
      const event = someEvent({ visitor_id: visitor });
      await new Promise<void>((resolve) => {
        const options = { agent, port: balancer.port, method: 'POST', path: '/v1/events?key=demo' };
        const sending = httpRequest(options, (response) => {
          response.resume().on('end', () => {
            if (response.statusCode === 200) acknowledged.push(event.event_id);
            else failures.push(String(response.statusCode));
            resolve();
          });
        });
        sending.on('error', (error) => {
          failures.push(error.message);
          resolve();
        });
        sending.end(jsonLines([event]));
      });
      // What is tested is the restart, not the load.
      await pause(20);
    }
    agent.destroy();
  }
  const clients = Array.from({ length: 8 }, (_, i) => client(`v${i}`));

  for (let i = 0; i < 4; i++) {
    const before = acknowledged.length;
    while (acknowledged.length < before + 50 && failures.length === 0) await pause(5);
    const old = running[i % 2]!;
    old.kill('SIGTERM');
    expect(await old.ended).toBe(0);
    balancer.servers.delete(old);
    const next = await start(i % 2);
    running[i % 2] = next;
    balancer.servers.set(next, true);
  }
  await pause(100);
  isOver = true;
  await Promise.all(clients);
  expect(failures).toEqual([]);
  for (const server of running) {
    server.kill('SIGTERM');
    expect(await server.ended).toBe(0);
  }
  const taken = new Set(stub.taken.map(({ event_id }) => event_id));
  expect(acknowledged.filter((id) => !taken.has(id))).toEqual([]);
}, 180_000);
