import { gunzipSync } from 'node:zlib';
import { systemClock } from '@millrace/kit/clock';
import { eventually } from '@millrace/testing/eventually';
import {
  configureDelivery,
  type DeliveryConfiguration,
  type Surroundings,
} from '../src/firehose/config/delivery-configuration.js';
import type { ExtendedS3Destination } from '../src/firehose/config/destination-shape.js';
import { parseDestination } from '../src/firehose/config/parse-destination.js';
import { createFunctions } from '../src/firehose/functions/functions.js';
import type { DeliveryClock, ObjectSink, Shard, StreamSource } from '../src/firehose/ports.js';
import type { Position } from '../src/firehose/read/position.js';
import type { PositionStore } from '../src/firehose/read/position-store.js';
import { jq } from './jq-support.js';

export const aws = (name: string, message = name) => Object.assign(new Error(message), { name });

/** The pipeline's own destination. */
export const destination: ExtendedS3Destination = {
  RoleARN: 'arn:aws:iam::000000000000:role/delivery',
  BucketARN: 'arn:aws:s3:::lake',
  Prefix: 'page=!{partitionKeyFromQuery:page}/event=!{partitionKeyFromQuery:event}/',
  ErrorOutputPrefix: 'errors/!{firehose:error-output-type}/!{timestamp:yyyy/MM/dd/HH}/',
  BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 60 },
  CompressionFormat: 'GZIP',
  DynamicPartitioningConfiguration: { Enabled: true },
  ProcessingConfiguration: {
    Enabled: true,
    Processors: [
      { Type: 'RecordDeAggregation', Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }] },
      {
        Type: 'MetadataExtraction',
        Parameters: [
          { ParameterName: 'MetadataExtractionQuery', ParameterValue: '{page:.page,event:.event}' },
          { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
        ],
      },
      { Type: 'AppendDelimiterToRecord' },
    ],
  },
};

/** The delivery configuration of a destination, as of the pipeline's unless it is changed. */
export const configure = (
  change: Partial<ExtendedS3Destination> = {},
  surroundings: Partial<Surroundings> = {},
  fromKinesis = true,
): Promise<DeliveryConfiguration> =>
  configureDelivery(parseDestination({ ...destination, ...change }), fromKinesis, {
    jq,
    functions: createFunctions({}),
    ...surroundings,
  });

/** A stream in memory; `fail` throws what the next calls shall meet. */
export function fakeStream(shardIds: string[]) {
  type Kept = { sequenceNumber: string; arrivalMs: number; data: Buffer };
  const shards = new Map<string, { parents: string[]; closed: boolean; records: Kept[] }>();
  const open = (id: string, parents: string[] = []) => shards.set(id, { parents, closed: false, records: [] });
  for (const id of shardIds) open(id);
  let last = 0;
  const iterators = new Map<string, { shardId: string; at: number }>();
  const failures: { call: 'shards' | 'iterator' | 'read'; error: Error }[] = [];
  const calls: string[] = [];
  const meet = (call: 'shards' | 'iterator' | 'read') => {
    calls.push(call);
    const index = failures.findIndex((failure) => failure.call === call);
    if (index !== -1) throw failures.splice(index, 1)[0]!.error;
  };
  const iteratorAt = (shardId: string, at: number) => {
    const iterator = `iterator-${iterators.size}`;
    iterators.set(iterator, { shardId, at });
    return iterator;
  };
  const source: StreamSource = {
    async shards() {
      meet('shards');
      return [...shards].map(([id, { parents }]): Shard => ({ id, parents }));
    },
    async iterator(shardId, after) {
      meet('iterator');
      const { records } = shards.get(shardId)!;
      if (after !== undefined && !/^\d+$/.test(after)) throw aws('InvalidArgumentException', 'not of this stream');
      const at =
        after === undefined ? 0 : records.findIndex(({ sequenceNumber }) => Number(sequenceNumber) > Number(after));
      return iteratorAt(shardId, at === -1 ? records.length : at);
    },
    async read(iterator, limit) {
      meet('read');
      const { shardId, at } = iterators.get(iterator)!;
      const { records, closed } = shards.get(shardId)!;
      const found = records.slice(at, at + limit);
      const end = at + found.length;
      return { records: found, ...(closed && end === records.length ? {} : { next: iteratorAt(shardId, end) }) };
    },
    retentionMs: async () => 24 * 3_600_000,
  };
  return {
    source,
    calls,
    open,
    close: (id: string) => {
      shards.get(id)!.closed = true;
    },
    fail: (call: 'shards' | 'iterator' | 'read', error: Error) => failures.push({ call, error }),
    put(shardId: string, data: string | object[], arrivalMs = Date.now()) {
      const text = typeof data === 'string' ? data : data.map((value) => JSON.stringify(value)).join('\n');
      shards.get(shardId)!.records.push({ sequenceNumber: String(++last), arrivalMs, data: Buffer.from(text) });
    },
  };
}

export interface Stored {
  bucket: string;
  key: string;
  body: Buffer;
  contentEncoding?: string;
}

/** A bucket in memory; while `failing` gives an error, puts meet it. */
export function fakeBucket() {
  const objects: Stored[] = [];
  const state = { failing: undefined as ((key: string) => Error | undefined) | undefined, tries: 0 };
  const sink: ObjectSink = {
    async put(object) {
      state.tries++;
      const error = state.failing?.(object.key);
      if (error) throw error;
      objects.push(object);
    },
  };
  return {
    sink,
    state,
    objects,
    /** The lines of all objects whose key begins so, in the order of the keys. */
    lines: (prefix = '') =>
      [...objects]
        .filter(({ key }) => key.startsWith(prefix))
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .flatMap(({ body, contentEncoding }) =>
          (contentEncoding === 'gzip' ? gunzipSync(body) : body).toString().split('\n').slice(0, -1),
        ),
  };
}

/** Positions in memory, with all that were ever stored. */
export function fakePositions() {
  const history: Map<string, Position>[] = [];
  const positions: PositionStore = {
    load: async () => history.at(-1) ?? new Map(),
    changed: (current) => {
      history.push(current());
    },
    settled: async () => undefined,
    remove: async () => undefined,
  };
  return { positions, history, last: () => history.at(-1) ?? new Map<string, Position>() };
}

/** The system's time, with pauses a hundredth as long: what is tested is what happens, not when. */
export const hastyClock: DeliveryClock = {
  wallMs: systemClock.wallMs,
  sleep: (ms, signal) => systemClock.sleep(ms / 100, signal),
};

/** Patient, because the machine may be loaded. */
/** The options of a worker between fakes; what a test is about comes on top. */
export const workerBetween = (
  { source }: { source: StreamSource },
  { sink }: { sink: ObjectSink },
  { positions }: { positions: PositionStore },
) => ({
  deliveryStream: 'to-lake',
  version: 1,
  startMs: 0,
  source,
  sink,
  stored: new Map<string, Position>(),
  positions,
  timeScale: 1_000,
  clock: hastyClock,
  log: () => {},
});

export const until = (condition: () => boolean, what: string): Promise<true> => eventually(what, condition, 20_000);
