import { backoffMs } from '@millrace/kit/backoff';
import type { Log } from '../../service.js';
import { createSignal } from '../../signal.js';
import { causeOf, type FailureLog } from '../failure-log.js';
import { createLimiter } from '../limiter.js';
import type { Meter } from '../meter.js';
import type { DeliveryClock, Shard, SourceRecord, StreamSource } from '../ports.js';
import type { Position } from './position.js';
import { readShard } from './read-shard.js';
import { warnOfTrimming } from './trimmed.js';

/** How many shards are read at a time: each read may hold some megabytes. */
const concurrentReads = 3;
/** New shards come when one ends; this is for the others, such as a stream that was made again. */
const listShardsMs = 30_000;

/** The options of `followShards`. */
export interface ShardFollowing {
  source: StreamSource;
  /** How far each shard was read before. */
  stored: ReadonlyMap<string, Position>;
  clock: DeliveryClock;
  log: Log;
  /** Of reading the source stream. */
  failureLog: FailureLog;
  meter: Meter;
  signal: AbortSignal;
  /** Resolves when there is room for what a read brings. */
  room: () => Promise<void>;
  /** Takes the records of a shard in, in order. */
  take: (shardId: string, records: readonly SourceRecord[]) => Promise<void>;
  /** A closed shard was read to its end. */
  ended: (shardId: string) => void;
}

/** The shards that are read, or were. */
export interface FollowedShards {
  ids(): string[];
  /** Resolves once `signal` has aborted and every read has ended. */
  done: Promise<void>;
}

/** Reads every shard of the source, and those that come later, until `signal` ends it. */
export function followShards(following: ShardFollowing): FollowedShards {
  const { source, stored, clock, failureLog, meter, signal } = following;
  const readers = new Map<string, Promise<void>>();
  const readToEnd = new Set([...stored].filter(([, { finished }]) => finished).map(([shardId]) => shardId));
  const known = new Set(stored.keys());
  const limited = createLimiter(concurrentReads);
  const shardEnded = createSignal();

  async function read({ id: shardId }: Shard): Promise<void> {
    known.add(shardId);
    const outcome = await readShard({
      ...following,
      shardId,
      from: stored.get(shardId) ?? {},
      admit: (work) =>
        limited(async () => {
          await following.room();
          await work();
        }),
    });
    if (outcome === 'stopped') return;
    readToEnd.add(shardId);
    following.ended(shardId);
    shardEnded.notify();
  }

  /** A shard is read once those that it came from have been: so a key's records stay in order across a reshard. */
  async function readShards(): Promise<void> {
    const shards = await source.shards(signal);
    const ids = new Set(shards.map(({ id }) => id));
    for (const shardId of known) if (!ids.has(shardId) && readToEnd.has(shardId)) known.delete(shardId);
    for (const shard of shards) {
      if (readers.has(shard.id) || readToEnd.has(shard.id)) continue;
      if (shard.parents.some((parent) => ids.has(parent) && !readToEnd.has(parent))) continue;
      readers.set(shard.id, read(shard));
    }
  }

  async function follow(): Promise<void> {
    let failures = 0;
    let warned = false;
    while (!signal.aborted) {
      const ended = shardEnded.next();
      let waitMs = listShardsMs;
      try {
        if (!warned) await warnOfTrimming(following);
        warned = true;
        await readShards();
        failures = 0;
        failureLog.recovered('shards');
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        if ((error as Error).name === 'LimitExceededException') meter('ThrottledDescribeStream', 1);
        failureLog.failed('shards', causeOf(error));
        waitMs = backoffMs(failures, { baseMs: 250, capMs: 5_000, fixedShare: 0.5 });
      }
      await sleepUnless(ended, waitMs, clock, signal);
    }
  }

  return {
    ids: () => [...known],
    done: follow().then(async () => {
      await Promise.all(readers.values());
    }),
  };
}

/** Sleeps, but no longer than until `event` or the signal. */
async function sleepUnless(event: Promise<void>, ms: number, clock: DeliveryClock, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  signal.addEventListener('abort', stop, { once: true });
  await Promise.race([clock.sleep(ms, waiting.signal), event]);
  signal.removeEventListener('abort', stop);
  waiting.abort();
}
