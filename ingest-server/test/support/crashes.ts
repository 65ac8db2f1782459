import { type ChildProcess, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { later, temporaryFolder } from './app.js';
import { jsonLines, someEvent } from './events.js';
import { type StubKinesis, startStubKinesis } from './stub-kinesis.js';

// Compiled, this file lies in dist/test/support.
const main = join(dirname(fileURLToPath(import.meta.url)), '../../src/main.js');

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export interface ServerProcess {
  port: number;
  /** How it ended: exit code, or the signal's name. */
  ended: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
  output(): string;
}

/** The ingest server as a process of its own, against a stub. Resolves when it listens. */
export async function startProcess(
  stub: StubKinesis,
  folder: string,
  env: NodeJS.ProcessEnv = {},
): Promise<ServerProcess> {
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: stub.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      MILLRACE_HOST: '127.0.0.1',
      MILLRACE_PORT: '0',
      MILLRACE_WRITE_KEYS: 'demo',
      MILLRACE_SPOOL_FOLDER: join(folder, 'spool'),
      MILLRACE_LINGER_MS: '5',
      MILLRACE_ACK_TIMEOUT_MS: '100',
      MILLRACE_DRAIN_MS: '0',
      // A busy machine is no reason to refuse.
      MILLRACE_SHED_DELAY_MS: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout!.on('data', (part) => {
    output += part;
  });
  child.stderr!.on('data', (part) => {
    output += part;
  });
  const ended = new Promise<number | string>((resolve) => child.on('exit', (code, signal) => resolve(code ?? signal!)));
  later(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  for (let i = 0; i < 3_000 && !output.includes('"listening"') && child.exitCode === null; i++) await pause(10);
  const port = Number(/"message":"listening".*"port":(\d+)/.exec(output)?.[1]);
  return { port, ended, kill: (signal) => child.kill(signal), output: () => output };
}

export interface CrashReport {
  acknowledged: number;
  missing: string[];
  repeated: number;
  outOfOrder: string[];
  ended: (number | string)[];
}

/**
 * Several clients send without a pause, each repeating a batch until it is acknowledged, while the server is ended with `signal`
 * and started again, and Kinesis comes and goes. Afterwards everything that was acknowledged must be in the stream.
 */
export async function sendThroughCrashes(options: {
  rounds: number;
  signal: NodeJS.Signals;
  clients?: number;
}): Promise<CrashReport> {
  const { rounds, signal, clients = 4 } = options;
  const stub = await startStubKinesis({ shards: 2 });
  const folder = await temporaryFolder();
  let call = 0;
  let isCalm = false;
  // Good times and bad ones, each some calls long, with some records failing in the good ones.
  stub.behaviour = () => {
    call += 1;
    if (isCalm) return {};
    if (call % 40 > 25) return { status: 400, error: 'ResourceNotFoundException' };
    return { fail: (shard) => call % 7 === shard, delayMs: call % 5 };
  };
  let server = await startProcess(stub, folder);
  let isOver = false;
  const acknowledged: { id: string; visitor: string }[] = [];

  async function client(visitor: string) {
    for (let seq = 0; !isOver; ) {
      const events = Array.from({ length: 5 }, (_, i) => someEvent({ visitor_id: visitor, seq: seq + i }));
      const body = jsonLines(events);
      for (let isSafe = false; !isSafe && !isOver; ) {
        const answer = await fetch(`http://127.0.0.1:${server.port}/v1/events?key=demo`, {
          method: 'POST',
          body,
        }).catch(() => undefined);
        await answer?.text().catch(() => undefined);
        isSafe = answer?.status === 200;
        if (isSafe) for (const { event_id } of events) acknowledged.push({ id: event_id, visitor });
        else await pause(20);
      }
      seq += events.length;
    }
  }

  const clientsDone = Promise.all(Array.from({ length: clients }, (_, i) => client(`v${i}`)));
  const ended: (number | string)[] = [];
  for (let round = 0; round < rounds; round++) {
    // At any moment, but not before there is something to lose.
    const before = acknowledged.length;
    while (acknowledged.length < before + 30) await pause(5);
    await pause(Math.random() * 200);
    server.kill(signal);
    ended.push(await server.ended);
    server = await startProcess(stub, folder);
  }
  await pause(100);
  isOver = true;
  await clientsDone;
  isCalm = true;
  const missing = () => {
    const taken = new Set(stub.taken.map(({ event_id }) => event_id));
    return acknowledged.filter(({ id }) => !taken.has(id)).map(({ id }) => id);
  };
  for (let i = 0; i < 1_500 && missing().length > 0; i++) await pause(20);
  server.kill('SIGTERM');
  ended.push(await server.ended);

  const first = [...new Map(stub.taken.map((event) => [event.event_id as string, event])).values()];
  const outOfOrder: string[] = [];
  for (let i = 0; i < clients; i++) {
    const seqs = first.filter(({ visitor_id }) => visitor_id === `v${i}`).map(({ seq }) => seq as number);
    if (seqs.some((seq, at) => at > 0 && seq <= seqs[at - 1]!)) outOfOrder.push(`v${i}: ${seqs.join(' ')}`);
  }
  return {
    acknowledged: acknowledged.length,
    missing: missing(),
    repeated: stub.taken.length - first.length,
    outOfOrder,
    ended,
  };
}
