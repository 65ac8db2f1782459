import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { diskFolder } from '@millrace/testing/disk-folder';
import { program } from '@millrace/testing/program';
import { later, temporaryFolder } from './app.js';
import { jsonLines, someEvent } from './events.js';
import { flipBit, tearWrite } from './spool-faults.js';
import { type StubKinesis, startStubKinesis } from './stub-kinesis.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export interface ServerProcess {
  port: number;
  /** How it ended: exit code, or the signal's name. */
  ended: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
  output(): string;
}

/** What a server as a process of its own is started with, against a stub; `env` comes on top. */
export const serverEnvironment = (
  stub: Pick<StubKinesis, 'url'>,
  folder: string,
  env: NodeJS.ProcessEnv = {},
): NodeJS.ProcessEnv => ({
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
  // All senders of a test have one address.
  MILLRACE_ADDRESS_REQUESTS_PER_SECOND: '0',
  MILLRACE_ADDRESS_BYTES_PER_SECOND: '0',
  ...env,
});

/** The ingest server as a process of its own, against a stub. Resolves when it listens, or has said `until`. */
export async function startProcess(
  stub: Pick<StubKinesis, 'url'>,
  folder: string,
  env: NodeJS.ProcessEnv = {},
  until = '"listening"',
): Promise<ServerProcess> {
  const main = await program('ingest-server/dist/src/main.js');
  const child: ChildProcess = spawn(process.execPath, [main], {
    env: serverEnvironment(stub, folder, env),
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
  for (let i = 0; i < 3_000 && !output.includes(until) && child.exitCode === null; i++) await pause(10);
  const port = Number(/"message":"listening".*"port":(\d+)/.exec(output)?.[1]);
  return { port, ended, kill: (signal) => child.kill(signal), output: () => output };
}

export interface CrashReport {
  acknowledged: number;
  /** Acknowledged, not in the stream, and not in an entry of the spool that a fault has altered. */
  missing: string[];
  /** Acknowledged, and set aside with an altered entry. */
  setAside: number;
  /** How many events too many the stream has, and how many of those a client sent again, because it saw no answer. */
  repeated: number;
  repeatedByClients: number;
  outOfOrder: string[];
  ended: (number | string)[];
  faults: { flipped: number; torn: number; refusedForDisk: number };
}

export interface CrashOptions {
  rounds: number;
  /** One for each round, in turn. */
  signals: readonly NodeJS.Signals[];
  clients?: number;
  /** How many more events are acknowledged in a round before the server is ended. */
  eventsPerRound?: number;
  /** Alters the spool between two rounds. */
  withSpoolFaults?: boolean;
  folder?: string;
  /** Gets each line that the stream takes, of events and of the ledger. */
  onLine?: (line: string) => void;
  /** On top of the server's environment. */
  env?: NodeJS.ProcessEnv;
  random?: () => number;
}

const eventsPerRequest = 5;
/** A full disk in an outage acknowledges nothing. */
const longestRoundMs = 5_000;

/**
 * Several clients send without a pause, each repeating a batch until it is acknowledged, while the server is ended
 * again and again and started anew, and Kinesis comes and goes. Afterwards everything that was acknowledged must be in
 * the stream.
 */
export async function sendThroughCrashes(options: CrashOptions): Promise<CrashReport> {
  const { rounds, signals, clients = 4, eventsPerRound = 30, env = {}, random = Math.random } = options;
  const stub = await startStubKinesis({ shards: 2, brief: true, onLine: options.onLine });
  const folder = options.folder ?? (await temporaryFolder(diskFolder()));
  const spool = join(folder, 'spool');
  const began = Date.now();
  let [call, isCalm, isOutRound] = [0, false, false];
  // Good times and bad ones, with some records failing in the good ones.
  const isOut = () => !isCalm && (isOutRound || (Date.now() - began) % 2_000 > 1_300);
  stub.otherwise = () => (isOut() ? 'ResourceNotFoundException' : undefined);
  stub.behaviour = () => {
    call += 1;
    if (isOut()) return { status: 400, error: 'ResourceNotFoundException' };
    if (isCalm) return {};
    return { fail: (shard) => call % 7 === shard, delayMs: call % 5 };
  };
  let server = await startProcess(stub, folder, env);
  let isOver = false;
  const acknowledged: string[] = [];
  const hurt = new Set<string>();
  const sentAgain = new Set<unknown>();
  const faults = { flipped: 0, torn: 0, refusedForDisk: 0 };

  async function client(visitor: string) {
    for (let seq = 0; !isOver; ) {
      const events = Array.from({ length: eventsPerRequest }, (_, i) =>
        someEvent({ visitor_id: visitor, stream_id: `stream-of-${visitor}`, seq: seq + i }),
      );
      const body = jsonLines(events);
      for (let isSafe = false; !isSafe && !isOver; ) {
        const answer = await fetch(`http://127.0.0.1:${server.port}/v1/events?key=demo`, {
          method: 'POST',
          body,
        }).catch(() => undefined);
        const text = await answer?.text().catch(() => undefined);
        isSafe = answer?.status === 200;
        if (isSafe) acknowledged.push(...events.map(({ event_id }) => event_id));
        else {
          for (const { event_id } of events) sentAgain.add(event_id);
          await pause(20);
        }
        if (text?.includes('ENOSPC')) faults.refusedForDisk += 1;
      }
      seq += events.length;
    }
  }

  const clientsDone = Promise.all(Array.from({ length: clients }, (_, i) => client(`v${i}`)));
  const ended: (number | string)[] = [];
  for (let round = 0; round < rounds; round++) {
    isOutRound = random() < 0.1;
    // At any moment, but not before there is something to lose.
    const [before, until] = [acknowledged.length, Date.now() + longestRoundMs];
    while (acknowledged.length < before + eventsPerRound && Date.now() < until) await pause(5);
    await pause(random() * 200);
    server.kill(signals[round % signals.length]!);
    ended.push(await server.ended);
    if (options.withSpoolFaults) {
      const ids = random() < 0.3 ? flipBit(spool, random) : [];
      if (ids.length > 0) faults.flipped += 1;
      for (const id of ids) hurt.add(id);
      if (random() < 0.3 && tearWrite(spool, random)) faults.torn += 1;
    }
    server = await startProcess(stub, folder, env);
  }
  await pause(100);
  isOver = true;
  await clientsDone;
  isCalm = true;
  const ids = () => new Set(stub.taken.map(({ event_id }) => event_id as string));
  const notTaken = () => {
    const taken = ids();
    return acknowledged.filter((id) => !taken.has(id));
  };
  for (let i = 0; i < 150 && notTaken().some((id) => !hurt.has(id)); i++) await pause(200);
  server.kill('SIGTERM');
  ended.push(await server.ended);

  const lastSeq = new Map<unknown, number>();
  const seen = new Set<unknown>();
  const outOfOrder: string[] = [];
  let repeatedByClients = 0;
  for (const { event_id, visitor_id, seq } of stub.taken) {
    // A repetition comes late; the first time counts.
    if (seen.has(event_id)) {
      if (sentAgain.has(event_id)) repeatedByClients += 1;
      continue;
    }
    seen.add(event_id);
    const last = lastSeq.get(visitor_id) ?? -1;
    if ((seq as number) <= last) outOfOrder.push(`${visitor_id}: ${seq} after ${last}`);
    lastSeq.set(visitor_id, seq as number);
  }
  const left = notTaken();
  return {
    acknowledged: acknowledged.length,
    missing: left.filter((id) => !hurt.has(id)),
    setAside: left.filter((id) => hurt.has(id)).length,
    repeated: stub.taken.length - seen.size,
    repeatedByClients,
    outOfOrder,
    ended,
    faults,
  };
}
