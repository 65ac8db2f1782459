import { mkdir, readdir } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { localAccountId as accountId, localRegion as region } from '@millrace/kit/local-aws';
import { MillraceError } from '@millrace/kit/millrace-error';
import kinesaliteDb from 'kinesalite/db/index.js';
import { AwsError } from '../json-service/aws-error.js';

/**
 * The streams and their records on disk: kinesalite's LevelDB store, in its format.
 *
 * kinesalite's own HTTP server is left out, because it ends the whole process when a client goes away in the middle of
 * a request or the disk is full, and parses every body twice if something stands before it. Creating, splitting and
 * merging are its actions; putting and getting records are ours (put-records.ts, get-records.ts say why).
 *
 * LevelDB writes each batch to its log before the answer, without fsync: what was acknowledged survives a killed
 * process, and not necessarily a power cut or a crash of the operating system, which may cost the last seconds.
 */

/** Kinesis' two capacity modes. */
export type StreamMode = 'PROVISIONED' | 'ON_DEMAND';

/** A shard as it lies in the store. */
export interface StoredShard {
  ShardId: string;
  ParentShardId?: string;
  AdjacentParentShardId?: string;
  HashKeyRange: { StartingHashKey: string; EndingHashKey: string };
  SequenceNumberRange: { StartingSequenceNumber: string; EndingSequenceNumber?: string };
}

/** A stream as it lies in the store. */
export interface StoredStream {
  StreamName: string;
  StreamARN: string;
  StreamStatus: 'CREATING' | 'DELETING' | 'ACTIVE' | 'UPDATING';
  /** Ours; kinesalite carries it along. Absent in a stream that kinesalite made alone. */
  StreamModeDetails?: { StreamMode: StreamMode };
  RetentionPeriodHours: number;
  /** Seconds since 1970. */
  StreamCreationTimestamp: number;
  EnhancedMonitoring: { ShardLevelMetrics: string[] }[];
  EncryptionType: 'NONE';
  HasMoreShards: boolean;
  Shards: StoredShard[];
  /** The next index of a sequence number, one for five shards. */
  _seqIx: (number | null)[];
  _tags: Record<string, string>;
}

/** One change of an atomic write. */
export type Change = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

/** The part of levelup 4 that is used here. */
export interface LevelUp {
  on(event: 'error', listener: (error: Error) => void): void;
  open(done: (error?: Error) => void): void;
  close(): Promise<void>;
  get(key: string, options?: { asBuffer?: boolean }): Promise<string | Buffer>;
  batch(changes: Change[]): Promise<void>;
  clear(range: { gte: string; lt: string }): Promise<void>;
  compactRange(start: string, end: string, done: (error?: Error) => void): void;
  iterator(options: object): LevelIterator;
}

/** LevelDB's iterator. */
export interface LevelIterator {
  next(done: (error: Error | undefined, key?: string, value?: Buffer) => void): void;
  end(done: (error?: Error) => void): void;
}

type KinesaliteAction = typeof import('kinesalite/actions/*')['default'];

/** Streams and their records on disk. */
export interface KinesisStore {
  readonly db: LevelUp;
  /**
   * Several changes at once, or none of them. Each puts the stream's own entry with them, so that a killed process
   * leaves no half.
   */
  write(changes: Change[]): Promise<void>;
  /** @throws AwsError ResourceNotFoundException. */
  stream(name: string): Promise<StoredStream>;
  /** All of them, by name. */
  streams(): Promise<StoredStream[]>;
  /** Runs `body` while no one else changes this stream or puts records into it. */
  locked<Result>(name: string, body: () => Promise<Result>): Promise<Result>;
  /** Changes a stream's own entry under its lock. */
  update(name: string, change: (stream: StoredStream) => void): Promise<void>;
  /** One of kinesalite's actions. @throws AwsError what it answers. */
  act(action: KinesaliteAction, input: Record<string, unknown>): Promise<object>;
  /** Waits until a stream that was created, split or merged is ACTIVE. */
  settled(name: string): Promise<void>;
  delete(name: string): Promise<void>;
  close(): Promise<void>;
}

/** AWS's default quota in us-east-1. */
const shardQuota = 20_000;

const streamKey = (name: string) => `!meta!${name}`;

/**
 * Where a record lies: its stream (whose name holds no `!`), its shard, its number. Without a number: what is before
 * all of the shard's records and after all of the shard before.
 */
export const recordKey = (stream: string, shardIndex: number, sequenceNumber = '') =>
  `!stream-${stream}!${shardIndex.toString(16).padStart(8, '0')}/${sequenceNumber}`;

/** The sequence number in a record's key. */
export const sequenceNumberOf = (key: string) => key.slice(key.indexOf('/') + 1);

/** The change that stores a stream. */
export const streamEntry = (stream: StoredStream) =>
  ({ type: 'put', key: streamKey(stream.StreamName), value: JSON.stringify(stream) }) as const;

/**
 * @throws MillraceError that names the folder and says what to do, when it is in use, damaged or cannot be written.
 */
export async function openStore(folder: string): Promise<KinesisStore> {
  await mkdir(folder, { recursive: true });
  await refuseHalfAStore(folder);
  const kinesalite = kinesaliteDb.create({
    path: folder,
    createStreamMs: 0,
    deleteStreamMs: 0,
    updateStreamMs: 0,
    shardLimit: shardQuota,
  });
  // kinesalite takes both from the environment, where a person's own AWS settings may be.
  kinesalite.metaDb.awsAccountId = accountId;
  kinesalite.metaDb.awsRegion = region;
  const db = kinesalite.db as LevelUp;
  await new Promise<void>((resolve, reject) => {
    db.on('error', (error) => reject(explained(error, folder)));
    db.open((error) => (error ? reject(explained(error, folder)) : resolve()));
  });

  // After a write that failed, as on a full disk, LevelDB takes no other until it is opened anew.
  let failed = false;
  let reopening: Promise<void> | undefined;
  async function reopen(): Promise<void> {
    await db.close();
    await new Promise<void>((resolve, reject) => db.open((error) => (error ? reject(error) : resolve())));
    failed = false;
  }
  async function usable(): Promise<void> {
    if (!failed) return;
    reopening ??= reopen().finally(() => {
      reopening = undefined;
    });
    await reopening;
  }

  const store: KinesisStore = {
    db,
    async write(changes) {
      await usable();
      try {
        await db.batch(changes);
      } catch (error) {
        failed = true;
        throw error;
      }
    },
    async stream(name) {
      await usable();
      try {
        return JSON.parse((await db.get(streamKey(name), { asBuffer: false })) as string) as StoredStream;
      } catch (error) {
        if ((error as { notFound?: boolean }).notFound)
          throw new AwsError('ResourceNotFoundException', `Stream ${name} under account ${accountId} not found.`);
        throw error;
      }
    },
    async streams() {
      await usable();
      const streams: StoredStream[] = [];
      for await (const [, value] of entries(db, { gt: '!meta!', lt: '!meta"' }))
        streams.push(JSON.parse(value.toString()) as StoredStream);
      return streams;
    },
    locked: (name, body) =>
      new Promise((resolve, reject) => {
        kinesalite.metaDb.lock(name, (release) => {
          const done = release(() => {});
          body().then(resolve, reject).finally(done);
        });
      }),
    update: (name, change) =>
      store.locked(name, async () => {
        const stream = await store.stream(name);
        change(stream);
        await store.write([streamEntry(stream)]);
      }),
    act: (action, input) =>
      new Promise((resolve, reject) => {
        action(kinesalite, input, (error, output) => (error ? reject(asAwsError(error)) : resolve(output ?? {})));
      }),
    async settled(name) {
      while ((await store.stream(name)).StreamStatus !== 'ACTIVE') await delay(1);
    },
    delete: (name) =>
      store.locked(name, async () => {
        const stream = await store.stream(name);
        // Marked first, so that a process killed on the way finishes it at its next start.
        await store.write([streamEntry({ ...stream, StreamStatus: 'DELETING' })]);
        await db.clear({ gte: recordKey(name, 0), lt: recordKey(name, stream.Shards.length) });
        await store.write([{ type: 'del', key: streamKey(name) }]);
      }),
    close: () => db.close(),
  };
  await tidyUp(store);
  return store;
}

/** The entries of a range in their order. */
export async function* entries(db: LevelUp, range: object): AsyncGenerator<[key: string, value: Buffer]> {
  const iterator = db.iterator({ keyAsBuffer: false, valueAsBuffer: true, highWaterMark: 1 << 20, ...range });
  try {
    for (;;) {
      const entry = await new Promise<[string, Buffer] | undefined>((resolve, reject) => {
        iterator.next((error, key, value) => {
          if (error) reject(error);
          else resolve(key === undefined ? undefined : [key, value!]);
        });
      });
      if (!entry) return;
      yield entry;
    }
  } finally {
    await new Promise<void>((resolve) => iterator.end(() => resolve()));
  }
}

/** What kinesalite's actions and validations answer with, as our kind of error; anything else as it is. */
export function asAwsError(error: unknown): unknown {
  const { statusCode, body } = error as {
    statusCode?: number;
    body?: { __type: string; message?: string; Message?: string };
  };
  return body ? new AwsError(body.__type, body.message ?? body.Message ?? body.__type, statusCode) : error;
}

/**
 * A process that was killed may leave streams half made or half deleted. None of these was acknowledged as finished.
 */
async function tidyUp(store: KinesisStore): Promise<void> {
  for (const stream of await store.streams()) {
    const name = stream.StreamName;
    if (stream.StreamStatus === 'DELETING' || stream.StreamStatus === 'CREATING') await store.delete(name);
    else if (stream.StreamStatus === 'UPDATING')
      await store.update(name, (entry) => {
        entry.StreamStatus = 'ACTIVE';
      });
  }
}

/** LevelDB takes a folder without CURRENT for a new one and deletes what it finds there. */
async function refuseHalfAStore(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (!names.includes('CURRENT') && names.some((name) => /^MANIFEST-|\.(ldb|sst|log)$/.test(name)))
    throw damaged(folder, 'its file CURRENT is missing');
}

function explained(error: Error, folder: string): Error {
  const message = error.message;
  if (/LOCK: (already held|Resource temporarily unavailable)/.test(message))
    return new MillraceError(
      'STATE_IN_USE',
      `The Kinesis store in ${folder} is in use by another process. Stop that process, or choose another folder.`,
      { cause: error },
    );
  if (/Corruption|does not exist|checksum|missing files/i.test(message)) return damaged(folder, message, error);
  return new MillraceError('STATE_UNREADABLE', `The Kinesis store in ${folder} cannot be opened: ${message}`, {
    cause: error,
  });
}

function damaged(folder: string, what: string, cause?: Error): Error {
  return new MillraceError(
    'STATE_DAMAGED',
    `The Kinesis store in ${folder} is damaged (${what}). Move the folder away and start again: an empty store takes its place. ` +
      'That loses the streams and their undelivered records. Delivered objects lie elsewhere and stay.',
    cause ? { cause } : {},
  );
}
