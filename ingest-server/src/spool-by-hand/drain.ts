import { readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { isMillraceError, MillraceError } from '@millrace/kit/millrace-error';
import type { Sink, SinkError } from '../core/delivery/sink.js';
import { readStoredLine } from '../core/stored-line.js';
import { createLog, type Log } from '../log.js';
import { openPipeline, type Pipeline } from '../pipeline.js';
import { createKinesisSink, type KinesisSinkOptions } from '../sinks/kinesis.js';
import { spoolFolders } from '../spool/adopt-folders.js';
import { liveUser, lockFolder } from '../spool/folder-lock.js';
import { mendFolder, segmentIds } from '../spool/mend-folder.js';
import { lookAtSpool } from './look.js';

/** Which spool to drain, and where to. */
export interface DrainOptions extends Pick<KinesisSinkOptions, 'stream' | 'clientConfig'> {
  folder: string;
  /** Of the stream, for messages. */
  description: string;
  /** Gets lines of JSON. */
  log(line: string): void;
  /** Aborts the drain: what is not in the stream by then stays. */
  signal: AbortSignal;
  /** Fail when nothing has reached the stream for this long. */
  giveUpAfterMs: number;
  /** Instead of the Kinesis stream. */
  sink?: () => Sink;
  /** Told again and again how many events the stream has by now, and how many are left. */
  progress?(delivered: number, left: number): void;
}

/** How a drain ended. */
export interface Drained {
  /** Events that the stream has now. */
  delivered: number;
  /** Events that could be read and are still in the spool. */
  left: number;
  /** Events that were damaged and could be read; `unproved` of them by no more than their lines. */
  recovered: number;
  unproved: number;
  /** Damaged pieces that cannot be read, with their bytes, which stay set aside. */
  unreadable: { pieces: number; bytes: number };
  interrupted: boolean;
  /** Why it gave up. */
  failure: string | undefined;
}

const stepMs = 50;

const sinkOf = (options: Pick<DrainOptions, 'stream' | 'clientConfig' | 'sink'>) =>
  options.sink?.() ?? createKinesisSink(options);

async function refuseLive(folder: string): Promise<void> {
  const user = await liveUser(folder);
  if (user === undefined) return;
  throw new MillraceError(
    'SPOOL_IN_USE',
    `the spool folder ${folder} is in use by process ${user}, here or on another host that shares it: that server delivers it itself. Stop it first`,
  );
}

/** A stream that is not there, or an endpoint without credentials, is told before anything is touched. */
async function requireStream({ stream, description, ...options }: DrainOptions): Promise<void> {
  const sink = sinkOf({ stream, ...options });
  try {
    await sink.ranges();
  } catch (error) {
    const { kind, code, message } = error as SinkError;
    // A role that may not list may still put.
    if (kind !== 'misconfigured' || code.startsWith('AccessDenied')) return;
    throw new MillraceError('STREAM', `the stream ${stream} of ${description} cannot be used: ${code}: ${message}`);
  } finally {
    sink.close();
  }
}

async function mendUnderLock(folder: string, log: Log) {
  const lock = await lockFolder(folder).catch((error: NodeJS.ErrnoException) => {
    if (isMillraceError(error)) throw error;
    throw new MillraceError(
      'SPOOL_FOLDER',
      `the spool folder ${folder} cannot be changed (${error.message}): make it writable, or drain a copy of it`,
      { cause: error },
    );
  });
  try {
    const pieces = await mendFolder(folder, readStoredLine);
    for (const { file: _, ...piece } of pieces) log.info('read a damaged piece', { folder, ...piece });
    return pieces;
  } finally {
    await lock.release();
  }
}

/** Waits until the stream has all; resolves with why it gave up, if it did. */
async function drained({ spool, delivery }: Pipeline, options: DrainOptions): Promise<string | undefined> {
  let since = performance.now();
  let last = spool.stats().chunks;
  while (spool.stats().chunks > 0) {
    if (options.signal.aborted) return undefined;
    const { chunks, events } = spool.stats();
    options.progress?.(delivery.balance().delivered, events);
    if (chunks !== last) since = performance.now();
    last = chunks;
    if (performance.now() - since > options.giveUpAfterMs) {
      const { code, message } = delivery.status().kinesis;
      const why = code === undefined ? 'no answer' : `${code}: ${message}`;
      return `nothing reached the stream ${options.stream} of ${options.description} for ${options.giveUpAfterMs / 1_000} s (${why})`;
    }
    await pause(stepMs);
  }
  return undefined;
}

async function drainFolder(folder: string, options: DrainOptions, total: Drained): Promise<void> {
  const log = createLog(options.log);
  for (const { readable, unproved } of await mendUnderLock(folder, log)) {
    total.recovered += readable;
    total.unproved += unproved;
  }
  const { stream, signal } = options;
  const pipeline = await openPipeline({
    config: {
      stream,
      spoolFolder: folder,
      spoolMaxBytes: Number.MAX_SAFE_INTEGER,
      spread: 'visitor',
      lingerMs: 0,
      ackTimeoutMs: 2_000,
    },
    log,
    sink: sinkOf(options),
    spool: undefined,
    signal,
    // Nothing new comes.
    claimedEvents: 1,
  });
  try {
    total.failure = await drained(pipeline, options);
  } finally {
    total.left += await pipeline.close();
    total.delivered += pipeline.delivery.balance().delivered;
  }
}

/**
 * Puts what lies in a spool to the stream, as its server would have, and what can be read of damaged entries with it.
 * An entry leaves the spool once the stream has it.
 * @throws MillraceError SPOOL_IN_USE, SPOOL_FOLDER, SPOOL_FILE or STREAM
 */
export async function drainSpool(options: DrainOptions): Promise<Drained> {
  const folders = await spoolFolders(options.folder);
  for (const folder of folders) await refuseLive(folder);
  await requireStream(options);
  const total: Drained = {
    delivered: 0,
    left: 0,
    recovered: 0,
    unproved: 0,
    unreadable: { pieces: 0, bytes: 0 },
    interrupted: false,
    failure: undefined,
  };
  for (const folder of folders) {
    if (segmentIds(await readdir(folder)).length === 0) continue;
    if (options.signal.aborted || total.failure !== undefined) total.left += (await lookAtSpool(folder)).events;
    else await drainFolder(folder, options, total);
  }
  const { damaged } = await lookAtSpool(options.folder);
  total.unreadable = { pieces: damaged.length, bytes: damaged.reduce((sum, { bytes }) => sum + bytes, 0) };
  total.interrupted = options.signal.aborted;
  return total;
}
