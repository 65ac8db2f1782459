import type { Log } from '../service.js';
import type { DeliveryStreamDefinition } from './api/definitions.js';
import { configureDelivery, type DeliveryConfiguration, type Surroundings } from './config/delivery-configuration.js';
import { isOutdated } from './config/find-schema.js';
import { parseDestination } from './config/parse-destination.js';
import type { StartDelivery } from './deliveries.js';
import { directPutSource } from './direct-put/source.js';
import { createErrorLog } from './error-log.js';
import type { Meter } from './meter.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryClock, DeliveryPorts } from './ports.js';
import { createTransform } from './route/lambda/transform.js';
import type { FirehoseState } from './state.js';
import { startWorker, type WorkerLimits } from './worker.js';

/** The options of `createStartDelivery`: what all delivery streams share. */
export interface DeliveryOptions {
  state: Pick<FirehoseState, 'open'>;
  ports: DeliveryPorts;
  surroundings: Surroundings;
  clock: DeliveryClock;
  timeScale: number;
  meterFor: (deliveryStream: string) => Meter;
  /** The log of Data Firehose. */
  log: Log;
  observer?: DeliveryObserver | undefined;
  limits?: Partial<WorkerLimits> | undefined;
}

/**
 * Delivers a delivery stream from where its positions say. The result rejects when what its configuration names is
 * gone.
 */
export function createStartDelivery(options: DeliveryOptions): StartDelivery {
  const { ports, state, surroundings, clock, timeScale, log, observer, limits } = options;
  return async (definition, given) => {
    const configuration = given && isCurrent(given, surroundings) ? given : await fromDisk(definition, surroundings);
    const { stored, positions, records } = await state.open(definition);
    const meter = options.meterFor(definition.name);
    const { name, source, version, createdMs, destination } = definition;
    const errorLog = createErrorLog(
      { deliveryStream: name, destination: destination.BucketARN, version },
      destination.CloudWatchLoggingOptions,
      log,
    );
    const sourceArn = source?.KinesisStreamARN;
    const { lambda, query } = configuration;
    if (query?.kind === 'filter' && query.filter.warning) log(`${name}: ${query.filter.warning}`);
    return startWorker({
      deliveryStream: name,
      version,
      configuration,
      // A record that was put came after the delivery stream was made, even if the clock was set back.
      startMs: records ? 0 : createdMs,
      source: records ? directPutSource(records) : ports.source(sourceArn!.slice(sourceArn!.indexOf('/') + 1)),
      sink: ports.sink,
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
  };
}

/** A table may have changed since the request was checked. */
const isCurrent = ({ conversion }: DeliveryConfiguration, { tables }: Surroundings): boolean =>
  !(conversion && tables && isOutdated(conversion.schema, tables));

/** @throws AwsError, FunctionError when what the configuration names is gone */
const fromDisk = (
  { destination, source }: DeliveryStreamDefinition,
  surroundings: Surroundings,
): Promise<DeliveryConfiguration> =>
  configureDelivery(parseDestination(destination), source !== undefined, surroundings);
