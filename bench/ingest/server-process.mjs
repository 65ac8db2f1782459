// A server under measurement as a process: the ingest server as it ships, or one of servers/ to compare it with.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryState, usage, watchMemory } from '../processes.mjs';
import { startKinesisStub } from './kinesis-stub.mjs';

const execArgv = process.env.BENCH_EXEC_ARGV?.split(' ') ?? [];

/**
 * Starts `servers/<file>.mjs` and waits for its port.
 * @param folder where it may write; each start gets a spool of its own
 * @param endpoint the Kinesis that it puts into
 * @param cpus the processors that it stays on, for `taskset`
 */
export async function startServer({ file = 'millrace', folder, endpoint, env = {}, cpus }) {
  const pinned =
    cpus === undefined
      ? { execArgv }
      : { execPath: 'taskset', execArgv: ['--cpu-list', cpus, process.execPath, ...execArgv] };
  const child = fork(fileURLToPath(new URL(`servers/${file}.mjs`, import.meta.url)), {
    ...pinned,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PATH: process.env.PATH,
      NODE_NO_WARNINGS: '1',
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      MILLRACE_HOST: '127.0.0.1',
      MILLRACE_PORT: '0',
      MILLRACE_WRITE_KEYS: 'demo',
      // The load has one address.
      MILLRACE_ADDRESS_REQUESTS_PER_SECOND: '0',
      MILLRACE_ADDRESS_BYTES_PER_SECOND: '0',
      MILLRACE_SPOOL_FOLDER: mkdtempSync(join(folder, 'spool-')),
      ...env,
    },
  });
  const ended = once(child, 'exit');
  const [{ port }] = await Promise.race([
    once(child, 'message'),
    ended.then(([code]) => Promise.reject(new Error(`the server ended with ${code}`))),
  ]);
  return {
    port,
    usage: () => usage(child.pid),
    watchMemory: () => watchMemory([child.pid]),
    /** Each series of /metrics, by its name with labels. */
    async metrics() {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return new Map(
        text
          .split('\n')
          .filter((line) => line && !line.startsWith('#'))
          .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
      );
    },
    async stop() {
      if (child.connected) child.disconnect();
      await ended;
    },
  };
}

/** The ingest server with a Kinesis stub of its own, for as long as `work` takes. */
export async function withIngestServer({ stub: stubOptions = {}, env = {}, cpus }, work) {
  const { state, remove } = temporaryState();
  const stub = await startKinesisStub(stubOptions);
  const server = await startServer({ folder: state, endpoint: stub.urls.http, env, cpus });
  try {
    return await work(stub, server);
  } finally {
    await server.stop();
    stub.close();
    remove();
  }
}
