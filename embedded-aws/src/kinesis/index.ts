import type { IncomingMessage } from 'node:http';
import { AwsError } from '../json-service/aws-error.js';
import { createJsonService } from '../json-service/json-service.js';
import { parseDataBody } from '../json-service/parse-data-body.js';
import type { AwsService, Log } from '../service.js';
import { createSignal } from '../signal.js';
import { kinesisOperations, type OperationContext } from './operations.js';
import type { PutContext } from './put-records.js';
import { readShard, type ShardRead } from './read-shard.js';
import { trimExpired } from './retention.js';
import { createShardLimits } from './shard-limits.js';
import { openStore } from './store.js';
import type { Input } from './validation.js';

/** The options of `openKinesis`: its folder, and the limits of a shard. */
export interface KinesisOptions {
  /** The folder that keeps the streams; made if absent. One process at a time. */
  folder: string;
  log: Log;
  /** The write limits of a shard: 1,000 records and 1 MiB a second, as on AWS. */
  shardRecordsPerSecond?: number;
  shardBytesPerSecond?: number;
  /** The read limits of a shard, for all readers together: 5 GetRecords calls and 2 MiB a second, as on AWS. */
  shardReadsPerSecond?: number;
  shardReadBytesPerSecond?: number;
  /** Shards of a stream in ON_DEMAND mode, 4 as AWS begins with. Their number stays. */
  onDemandShards?: number;
  /** Milliseconds since 1970; tests steer it. */
  now?: () => number;
  /**
   * The earliest arrival that a record may get, in milliseconds since 1970, even if the clock was set back: a delivery
   * stream reads from its own creation on and must not pass records over.
   */
  arrivalsFrom?: () => number;
}

/** Kinesis as a service that others in this process use without HTTP. */
export interface Kinesis extends AwsService {
  /**
   * Runs an operation, with all its checks and limits.
   * @returns its answer: an object, or JSON text
   * @throws AwsError
   */
  call(operation: string, input: Input): Promise<object | Buffer>;
  /**
   * GetRecords without its text: the records' data are views of what the store has in memory, and must not be changed.
   * @throws AwsError
   */
  read(iterator: string, maxRecords: number): Promise<ShardRead>;
  /** How many calls have ended that may have changed a stream or its records. */
  changes(): number;
  /** Resolves when the next such call ends. */
  changed(): Promise<void>;
}

const MiB = 1_048_576;
/** 10 MiB of data in base64, and what JSON and the partition keys add. */
const maxBodyBytes = 16 * MiB;
const trimEveryMs = 10 * 60_000;
const throttleLogEveryMs = 60_000;

/**
 * The embedded Kinesis: the JSON 1.1 API over logs on disk, with the shard limits of AWS. What it acknowledged is
 * synced: it is read again after `kill -9` and after a power cut.
 * @throws MillraceError that names the folder and says what to do, when it is in use, damaged or cannot be written.
 */
export async function openKinesis(options: KinesisOptions): Promise<Kinesis> {
  const { folder, log, now = Date.now, arrivalsFrom = () => 0 } = options;
  const store = await openStore(folder, log);
  const limits = createShardLimits(
    {
      recordsPerSecond: options.shardRecordsPerSecond ?? 1000,
      bytesPerSecond: options.shardBytesPerSecond ?? MiB,
      readsPerSecond: options.shardReadsPerSecond ?? 5,
      readBytesPerSecond: options.shardReadBytesPerSecond ?? 2 * MiB,
    },
    now,
  );
  const context: OperationContext = {
    store,
    limits,
    now,
    arrivalsFrom,
    onRefused: logNowAndThen(log, now),
    onDemandShards: options.onDemandShards ?? 4,
  };

  const running = new Set<Promise<unknown>>();
  /** `close` waits for it. */
  const tracked = <Result>(work: Promise<Result>): Promise<Result> => {
    running.add(work);
    const done = () => void running.delete(work);
    work.then(done, done);
    return work;
  };
  let changes = 0;
  const changed = createSignal();
  let closed = false;
  let trimming = false;
  const trim = async () => {
    if (trimming || closed) return;
    trimming = true;
    try {
      await tracked(trimExpired(store, now(), log));
    } catch (error) {
      log(`Kinesis: expired records were not removed: ${(error as Error).message}`);
    }
    trimming = false;
  };
  const trimTimer = setInterval(trim, trimEveryMs);
  trimTimer.unref();
  void trim();

  const runOperation = kinesisOperations(context);
  async function served<Result>(work: () => Promise<Result>): Promise<Result> {
    if (closed) throw new AwsError('ServiceUnavailable', 'The embedded Kinesis is stopping.', 503);
    try {
      return await tracked(work());
    } catch (error) {
      if (error instanceof AwsError) throw error;
      // The disk's own words, such as "ENOSPC", do not say whose store they are about.
      throw new Error(`${(error as Error).message} (the Kinesis store in ${folder})`, { cause: error });
    }
  }
  const call = (operation: string, input: Input) =>
    served(() => runOperation(operation, input)).finally(() => {
      if (/^(Describe|Get|List)/.test(operation)) return;
      changes++;
      changed.notify();
    });

  return {
    ...createJsonService({
      name: 'Kinesis',
      target: 'Kinesis_20131202',
      maxBodyBytes,
      parse: parseDataBody,
      check: requireSignedJson,
      run: call,
    }),
    call,
    read: (iterator, maxRecords) => served(() => readShard(context, iterator, maxRecords)),
    changes: () => changes,
    changed: changed.next,
    async close() {
      if (closed) return;
      closed = true;
      clearInterval(trimTimer);
      await Promise.allSettled(running);
      await store.close();
    },
  };
}

/** @throws AwsError for CBOR, and for a request without a signature (which one it is does not matter) */
function requireSignedJson({ headers, url }: IncomingMessage): void {
  if (/cbor/.test(headers['content-type'] ?? ''))
    throw new AwsError(
      'SerializationException',
      'The embedded Kinesis reads JSON, and this client sends CBOR. In the AWS SDK for Java, set the system property aws.cborEnabled=false ' +
        'or the environment variable CBOR_ENABLED=false.',
    );
  if (headers.authorization === undefined && !url?.includes('X-Amz-Signature='))
    throw new AwsError(
      'MissingAuthenticationTokenException',
      'Missing Authentication Token: the request is not signed. Any credentials will do here, such as test and test.',
    );
}

/** Logs a stream that is over its limits once a minute, not once a call. */
function logNowAndThen(log: Log, now: () => number): PutContext['onRefused'] {
  const saidAt = new Map<string, number>();
  return (stream, records) => {
    if (now() - (saidAt.get(stream) ?? -Infinity) < throttleLogEveryMs) return;
    saidAt.set(stream, now());
    log(
      `Kinesis: stream ${stream} is over its shard limits; ${records} records of this call were refused with ` +
        'ProvisionedThroughputExceededException and have to be sent again. More shards take more.',
    );
  };
}
