import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AwsError, parseJsonBody, readBody, sendAwsError, sendJson, targetOf } from '../json-protocol.js';
import type { AwsPart, Log } from '../part.js';
import { type AwsClients, createAwsClients } from './aws-clients.js';
import { type Clock, systemClock } from './clock.js';
import { createControlPlane } from './control-plane.js';
import { type DeliveryStreamDefinition, openDefinitions } from './definitions.js';
import type { DeliveryObserver } from './observer.js';
import { planOf } from './plan.js';
import { createPositionStore } from './positions.js';
import { removeState } from './state-file.js';
import { causeOf } from './trouble.js';
import { type DeliveryWorker, startWorker, type WorkerLimits } from './worker.js';

export type { DeliveredObject, DeliveryObserver, RecordOrigin } from './observer.js';

/** The `x-amz-target` prefix of the service. */
export const firehoseTarget = 'Firehose_20150804';

export interface FirehoseOptions {
  /** Where delivery streams and positions are kept; made when it is missing. */
  folder: string;
  /** Where Kinesis and S3 are; asked once, at `start`. */
  endpointUrl: () => string;
  /** Buffer intervals are divided by it: 30 makes 60 seconds 2. Nothing else is scaled. */
  timeScale: number;
  log: Log;
  observer?: DeliveryObserver;
  limits?: Partial<WorkerLimits>;
}

export interface Firehose extends AwsPart {
  /** Begins delivery: of the delivery streams on disk, and of those created from now on. The endpoint must be listening. */
  start(): void;
  /** When the newest delivery stream was made, in milliseconds since 1970: what comes into its source from then on is delivered. */
  newestMs(): number;
}

const maxBodyBytes = 1024 * 1024;
/** How long `close` and a deletion wait for S3 to take what is buffered. */
const closePatienceMs = 10_000;
const deletePatienceMs = 5_000;

/**
 * Data Firehose with dynamic partitioning, from Kinesis to S3.
 * @throws Error naming the file and what to do when the stored state is damaged
 */
export async function openFirehose(options: FirehoseOptions): Promise<Firehose> {
  const { folder, timeScale, observer, limits } = options;
  const log: Log = (line) => options.log(`Data Firehose: ${line}`);
  const clock: Clock = systemClock;
  if (!(timeScale > 0 && Number.isFinite(timeScale)))
    throw new Error(`The time scale must be a number above 0, not ${timeScale}.`);
  await mkdir(join(folder, 'positions'), { recursive: true });
  const definitions = await openDefinitions(join(folder, 'delivery-streams.json'));
  const positionsPath = (id: string) => join(folder, 'positions', `${id}.json`);
  const storeOf = ({ id, name }: DeliveryStreamDefinition) =>
    createPositionStore(positionsPath(id), clock, (line) => log(`${name}: ${line}`));

  // Damaged positions are found now, before anything is answered, rather than by a worker later on.
  const stored = new Map(
    await Promise.all(
      definitions.all().map(async (definition) => [definition.id, await storeOf(definition).load()] as const),
    ),
  );
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
  }

  async function deliver(definition: DeliveryStreamDefinition): Promise<DeliveryWorker> {
    const { id, name, source, version, createdMs, destination } = definition;
    return startWorker({
      deliveryStream: name,
      version,
      plan: await planOf(destination),
      startMs: createdMs,
      source: clients!.source(source.KinesisStreamARN.slice(source.KinesisStreamARN.indexOf('/') + 1)),
      sink: clients!.sink,
      stored: stored.get(id) ?? new Map(),
      positions: storeOf(definition),
      timeScale,
      clock,
      log: (line) => log(`${name}: ${line}`),
      observer,
      ...(limits ? { limits } : {}),
    });
  }

  function begin(definition: DeliveryStreamDefinition): void {
    if (!clients || closed || workers.has(definition.id)) return;
    const worker = deliver(definition);
    workers.set(definition.id, worker);
    worker.catch((error: unknown) => log(`${definition.name} cannot be delivered (${causeOf(error)})`));
  }

  /** What is buffered is delivered if S3 takes it soon; then nothing is left of the delivery stream. */
  function remove(definition: DeliveryStreamDefinition): void {
    const removal = (async () => {
      const worker = await workers.get(definition.id)?.catch(() => undefined);
      await worker?.stop(deletePatienceMs);
      workers.delete(definition.id);
      await definitions.remove(definition.name);
      await removeState(positionsPath(definition.id));
    })().catch((error: unknown) =>
      log(`${definition.name} could not be deleted (${causeOf(error)}); the next start tries again`),
    );
    removals.add(removal);
    void removal.finally(() => removals.delete(removal));
  }

  const controlPlane = createControlPlane({ definitions, clock, log, created: begin, deleted: remove });

  return {
    name: 'Data Firehose',

    start() {
      if (clients) return;
      clients = createAwsClients(options.endpointUrl());
      for (const definition of definitions.all()) {
        if (definition.deleting) remove(definition);
        else begin(definition);
      }
    },

    newestMs: () => Math.max(0, ...definitions.all().map(({ createdMs }) => createdMs)),

    async handle(request, response) {
      try {
        const target = targetOf(request);
        if (target?.service !== firehoseTarget)
          throw new AwsError(
            'UnknownOperationException',
            `The x-amz-target header must be ${firehoseTarget}.<operation>.`,
          );
        const body = parseJsonBody(await readBody(request, maxBodyBytes));
        sendJson(response, await controlPlane.answer(target.operation, body));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        sendAwsError(response, error);
      }
    },

    async close() {
      closed = true;
      await Promise.allSettled([...workers.values()].map(async (worker) => (await worker).stop(closePatienceMs)));
      await Promise.all(removals);
      clients?.close();
    },
  };
}
