import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { MetricStore } from '../cloudwatch/metric-store.js';
import { createJsonService } from '../json-service/json-service.js';
import type { AwsService, Log } from '../service.js';
import { removeState } from '../state-file.js';
import { type AwsClients, createAwsClients } from './aws-clients.js';
import { type Clock, systemClock } from './clock.js';
import { createControlPlane } from './control-plane.js';
import { conversionOf, findSchema, type Tables } from './conversion/find-schema.js';
import { type DeliveryStreamDefinition, openDefinitions } from './definitions.js';
import { createDirectPutLogs } from './direct-put/logs.js';
import { deliveredUpTo, directPutSource } from './direct-put/source.js';
import { createErrorLog } from './error-log.js';
import { type FunctionSources, findFunction } from './lambda/functions.js';
import { createTransform } from './lambda/transform.js';
import { type Meter, meterOf, unmetered } from './meter.js';
import type { DeliveryObserver } from './observer.js';
import { planOf } from './plan.js';
import { createPositionStore } from './positions.js';
import { causeOf } from './trouble.js';
import { type DeliveryWorker, startWorker, type WorkerLimits } from './worker.js';

export type { DeliveredObject, DeliveryObserver, RecordOrigin } from './observer.js';

export interface FirehoseOptions {
  /** Where delivery streams and positions are kept; made when it is missing. */
  folder: string;
  /** Where Kinesis and S3 are; asked once, at `start`. */
  endpointUrl: () => string;
  /** Buffer intervals are divided by it: 30 makes 60 seconds 2. Nothing else is scaled. */
  timeScale: number;
  log: Log;
  observer?: DeliveryObserver;
  /** Where metrics go, under AWS's names. */
  metrics?: MetricStore;
  /** What stands in for Lambda functions. */
  functions?: FunctionSources;
  /** Glue's, for format conversion; none without it. */
  tables?: Tables & { onTable(listener: (database: string, table: string) => void): void };
  limits?: Partial<WorkerLimits>;
  /** How many bytes of records that were put may wait for S3; 1 GiB. */
  backlogBytes?: number;
}

export interface Firehose extends AwsService {
  /** Begins delivery: of the delivery streams on disk, and of those created from now on. The endpoint must be listening. */
  start(): void;
  /** When the newest delivery stream was made, in milliseconds since 1970: what comes into its source from then on is delivered. */
  newestMs(): number;
}

/** A batch of records of 4 MiB is a third more in base64. */
const maxBodyBytes = 8 * 1024 * 1024;
/** How long `close` and a deletion wait for S3 to take what is buffered. */
const closePatienceMs = 10_000;
const deletePatienceMs = 5_000;
const renewPatienceMs = 5_000;

const stoppedWorker: DeliveryWorker = { stop: async () => undefined };

/**
 * Data Firehose with dynamic partitioning, from Kinesis or by put, to S3.
 * @throws Error naming the file and what to do when the stored state is damaged
 */
export async function openFirehose(options: FirehoseOptions): Promise<Firehose> {
  const { folder, timeScale, observer, limits, metrics, functions = {}, tables } = options;
  const log: Log = (line) => options.log(`Data Firehose: ${line}`);
  const clock: Clock = systemClock;
  if (!(timeScale > 0 && Number.isFinite(timeScale)))
    throw new Error(`The time scale must be a number above 0, not ${timeScale}.`);
  await mkdir(join(folder, 'positions'), { recursive: true });
  const definitions = await openDefinitions(join(folder, 'delivery-streams.json'));
  const positionsPath = (id: string) => join(folder, 'positions', `${id}.json`);
  const logs = createDirectPutLogs(join(folder, 'direct-put'), { now: clock.now, backlogBytes: options.backlogBytes });
  const meter = (name: string): Meter => (metrics ? meterOf(metrics, name) : unmetered);
  const say = (name: string) => (line: string) => log(`${name}: ${line}`);
  const storeOf = ({ id, name }: DeliveryStreamDefinition, trim?: (sequence: number) => void) =>
    createPositionStore(positionsPath(id), clock, say(name), (positions) => {
      const delivered = deliveredUpTo(positions);
      if (delivered !== undefined) trim?.(delivered);
    });

  // Damage is found now, before anything is answered, rather than by a worker later on.
  await Promise.all(definitions.all().map((definition) => stateOf(definition)));
  await removeLeftOvers();

  let clients: AwsClients | undefined;
  let closed = false;
  const workers = new Map<string, Promise<DeliveryWorker>>();
  const removals = new Set<Promise<void>>();

  /** Positions of delivery streams that are gone: a crash may come between the two files. */
  async function removeLeftOvers(): Promise<void> {
    const kept = new Set(definitions.all().map(({ id }) => id));
    for (const file of await readdir(join(folder, 'positions'))) {
      if (!kept.has(file.replace(/\.json(\.new)?$/, ''))) await removeState(join(folder, 'positions', file));
    }
    await logs.keepOnly(kept);
  }

  /** What is on disk of a delivery stream: how far it was delivered, and its log where it has one. */
  async function stateOf(definition: DeliveryStreamDefinition) {
    const stored = await storeOf(definition).load();
    const putInto = definition.source
      ? undefined
      : await logs.open(definition.id, deliveredUpTo(stored) ?? 0, say(definition.name));
    return { stored, putInto };
  }

  async function deliver(definition: DeliveryStreamDefinition): Promise<DeliveryWorker> {
    const { name, source, version, createdMs, destination } = definition;
    const conversion = conversionOf(destination);
    const plan = await planOf(destination, source !== undefined, conversion && findSchema(conversion, tables));
    const { stored, putInto } = await stateOf(definition);
    const errorLog = createErrorLog(
      { deliveryStream: name, destination: destination.BucketARN, version },
      destination.CloudWatchLoggingOptions,
      log,
    );
    const transform =
      plan.lambda &&
      createTransform({
        plan,
        lambda: plan.lambda,
        call: await findFunction(plan.lambda.arn, functions),
        deliveryStream: name,
        sourceArn: source?.KinesisStreamARN,
        clock,
        meter: meter(name),
        failed: errorLog.say,
      });
    return startWorker({
      deliveryStream: name,
      version,
      plan,
      // Whatever was put into it came after it was made, whatever the clock said.
      startMs: putInto ? 0 : createdMs,
      source: putInto
        ? directPutSource(putInto.records)
        : clients!.source(source!.KinesisStreamARN.slice(source!.KinesisStreamARN.indexOf('/') + 1)),
      sink: clients!.sink,
      stored,
      positions: storeOf(definition, (sequence) => void putInto?.records.trim(sequence).catch(() => undefined)),
      timeScale,
      clock,
      log: say(name),
      observer,
      meter: meter(name),
      errorLog,
      transform,
      ...(limits ? { limits } : {}),
    });
  }

  function watch(definition: DeliveryStreamDefinition, worker: Promise<DeliveryWorker>): void {
    workers.set(definition.id, worker);
    worker.catch((error: unknown) => log(`${definition.name} cannot be delivered (${causeOf(error)})`));
  }

  function begin(definition: DeliveryStreamDefinition): void {
    if (!clients || closed || workers.has(definition.id)) return;
    watch(definition, deliver(definition));
  }

  /** What is buffered is delivered as it was configured; what S3 does not take by then is read again, and delivered as it is now. */
  function renew(definition: DeliveryStreamDefinition): void {
    if (!clients || closed) return;
    const before = workers.get(definition.id);
    const renewed = async () => {
      await (await before?.catch(() => undefined))?.stop(renewPatienceMs);
      return closed ? stoppedWorker : deliver(definitions.get(definition.name) ?? definition);
    };
    watch(definition, renewed());
  }

  /** What is buffered is delivered if S3 takes it soon; then nothing is left of the delivery stream. */
  function remove(definition: DeliveryStreamDefinition): void {
    const removal = (async () => {
      const worker = await workers.get(definition.id)?.catch(() => undefined);
      await worker?.stop(deletePatienceMs);
      workers.delete(definition.id);
      await definitions.remove(definition.name);
      await removeState(positionsPath(definition.id));
      await logs.remove(definition.id);
    })().catch((error: unknown) =>
      log(`${definition.name} could not be deleted (${causeOf(error)}); the next start tries again`),
    );
    removals.add(removal);
    void removal.finally(() => removals.delete(removal));
  }

  const controlPlane = createControlPlane({
    definitions,
    clock,
    log,
    created: begin,
    functions,
    tables,
    changed: renew,
    deleted: remove,
    // That of a delivery stream from before was opened at the start, with what it had delivered.
    directPut: async ({ id, name }) => (await logs.open(id, 0, say(name))).directPut,
    meter,
  });

  // What is buffered was made for the columns as they were: it is delivered first.
  tables?.onTable((database, table) => {
    for (const definition of definitions.all()) {
      const {
        DatabaseName,
        TableName,
        VersionId = 'LATEST',
      } = conversionOf(definition.destination)?.SchemaConfiguration ?? {};
      const its = DatabaseName?.toLowerCase() === database && TableName?.toLowerCase() === table;
      if (its && VersionId === 'LATEST' && !definition.deleting) renew(definition);
    }
  });

  return {
    ...createJsonService({ name: 'Data Firehose', target: 'Firehose_20150804', maxBodyBytes, run: controlPlane }),

    start() {
      if (clients) return;
      clients = createAwsClients(options.endpointUrl());
      for (const definition of definitions.all()) {
        if (definition.deleting) remove(definition);
        else begin(definition);
      }
    },

    newestMs: () => Math.max(0, ...definitions.all().map(({ createdMs }) => createdMs)),

    async close() {
      closed = true;
      await Promise.allSettled([...workers.values()].map(async (worker) => (await worker).stop(closePatienceMs)));
      await Promise.all(removals);
      await logs.close();
      clients?.close();
    },
  };
}
