import type { Log } from '../service.js';
import type { DeliveryStreamDefinition } from './api/definitions.js';
import type { AwsClients } from './aws-clients.js';
import { configureDelivery, type DeliveryConfiguration, type Surroundings } from './config/delivery-configuration.js';
import { parseDestination } from './config/parse-destination.js';
import { directPutSource } from './direct-put/source.js';
import { createErrorLog } from './error-log.js';
import type { Meter } from './meter.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryClock } from './ports.js';
import { createTransform } from './route/lambda/transform.js';
import type { StreamState } from './state.js';
import { type DeliveryWorker, startWorker, type WorkerLimits } from './worker.js';

/** What all delivery streams share. */
export interface DeliveryOptions {
  clients: AwsClients;
  surroundings: Surroundings;
  clock: DeliveryClock;
  timeScale: number;
  meter: Meter;
  /** The log of Data Firehose. */
  log: Log;
  observer?: DeliveryObserver | undefined;
  limits?: Partial<WorkerLimits> | undefined;
}

/**
 * The configuration of a delivery stream that is on disk. @throws AwsError, FunctionError when what it names is gone
 */
export const configurationFromDisk = (
  { destination, source }: DeliveryStreamDefinition,
  surroundings: Surroundings,
): Promise<DeliveryConfiguration> =>
  configureDelivery(parseDestination(destination), source !== undefined, surroundings);

/** Starts to deliver one delivery stream from where its positions say. */
export function deliver(
  definition: DeliveryStreamDefinition,
  configuration: DeliveryConfiguration,
  { stored, positions, records }: StreamState,
  { clients, clock, timeScale, meter, log, observer, limits }: DeliveryOptions,
): DeliveryWorker {
  const { name, source, version, createdMs, destination } = definition;
  const errorLog = createErrorLog(
    { deliveryStream: name, destination: destination.BucketARN, version },
    destination.CloudWatchLoggingOptions,
    log,
  );
  const sourceArn = source?.KinesisStreamARN;
  const { lambda } = configuration;
  return startWorker({
    deliveryStream: name,
    version,
    configuration,
    // Whatever was put into it came after it was made, whatever the clock said.
    startMs: records ? 0 : createdMs,
    source: records ? directPutSource(records) : clients.source(sourceArn!.slice(sourceArn!.indexOf('/') + 1)),
    sink: clients.sink,
    stored,
    positions,
    timeScale,
    clock,
    log: (line) => log(`${name}: ${line}`),
    observer,
    meter,
    errorLog,
    transform:
      lambda &&
      createTransform({
        configuration,
        lambda,
        deliveryStream: name,
        sourceArn,
        clock,
        meter,
        logError: errorLog.log,
      }),
    ...(limits ? { limits } : {}),
  });
}
