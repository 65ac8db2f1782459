import { systemClock } from '@millrace/kit/clock';
import { MillraceError } from '@millrace/kit/millrace-error';
import type { MetricStore } from '../cloudwatch/metric-store.js';
import { createJsonService } from '../json-service/json-service.js';
import { parseDataBody } from '../json-service/parse-data-body.js';
import type { AwsService, Log } from '../service.js';
import { createControlPlane } from './api/control-plane.js';
import type { DeliveryStreamDefinition } from './api/definitions.js';
import { conversionOf } from './config/conversion.js';
import type { Tables } from './config/find-schema.js';
import { createStartDelivery } from './deliver.js';
import { createDeliveries, type Deliveries } from './deliveries.js';
import { createFunctions, type FunctionSources } from './functions/functions.js';
import { createJqPool } from './jq/run/pool.js';
import { type Meter, meterOf, unmetered } from './meter.js';
import type { DeliveryObserver } from './observer.js';
import type { DeliveryPorts } from './ports.js';
import { type FirehoseState, openState } from './state.js';
import type { WorkerLimits } from './worker.js';

export type { DeliveredObject, DeliveryObserver, RecordOrigin } from './observer.js';

/** The options of `openFirehose`. */
export interface FirehoseOptions {
  /** Where delivery streams and positions are kept; made when it is missing. */
  folder: string;
  /** Kinesis and S3. `close` closes them. */
  ports: DeliveryPorts;
  /** Buffer intervals are divided by it: 30 makes 60 seconds 2. Nothing else is scaled. */
  timeScale: number;
  log: Log;
  observer?: DeliveryObserver;
  /** Where metrics go, under AWS's names. */
  metrics?: MetricStore;
  /** What stands in for Lambda functions. */
  functions?: FunctionSources;
  /** Glue's, for format conversion; none without it. */
  tables?: WatchedTables;
  limits?: Partial<WorkerLimits>;
  /** How many bytes of records that were put may wait for S3; 1 GiB. */
  backlogBytes?: number;
}

/** Data Firehose as a service that also delivers. */
export interface Firehose extends AwsService {
  /** Begins delivery: of the delivery streams on disk, and of those created from now on. */
  start(): void;
  /**
   * When the newest delivery stream was made, in milliseconds since 1970: what comes into its source from then on is
   * delivered.
   */
  newestMs(): number;
}

/** Glue's tables, with word of those that change. */
type WatchedTables = Tables & { onTable(listener: (database: string, table: string) => void): void };

/** A batch of records of 4 MiB is a third more in base64. */
const maxBodyBytes = 8 * 1024 * 1024;

/**
 * Data Firehose with dynamic partitioning, from Kinesis or by put, to S3.
 * @throws MillraceError naming the file and what to do when the stored state is damaged
 */
export async function openFirehose(options: FirehoseOptions): Promise<Firehose> {
  const { folder, timeScale, metrics, tables, functions: sources = {} } = options;
  if (!(timeScale > 0 && Number.isFinite(timeScale)))
    throw new MillraceError('TIME_SCALE', `The time scale must be a number above 0, not ${timeScale}.`);
  const log: Log = (line) => options.log(`Data Firehose: ${line}`);
  const logOf = (name: string) => (line: string) => log(`${name}: ${line}`);
  const clock = systemClock;
  const meterFor = (name: string): Meter => (metrics ? meterOf(metrics, name) : unmetered);
  const jq = createJqPool();
  const functions = createFunctions(sources);
  const surroundings = { tables, functions, jq };
  const state = await openState({ folder, clock, backlogBytes: options.backlogBytes, logOf });
  const { definitions } = state;
  const deliveries = createDeliveries(state, log);
  renewWithTables(state, deliveries, tables);

  return {
    ...createJsonService({
      name: 'Data Firehose',
      target: 'Firehose_20150804',
      maxBodyBytes,
      parse: parseDataBody,
      run: createControlPlane({
        definitions,
        clock,
        log,
        surroundings,
        deliveries,
        directPut: state.directPut,
        meterFor,
      }),
    }),

    start() {
      deliveries.start(createStartDelivery({ ...options, state, surroundings, clock, log, meterFor }));
    },

    newestMs: () => Math.max(0, ...definitions.all().map(({ createdMs }) => createdMs)),

    async close() {
      await deliveries.close();
      await Promise.all([jq.close(), functions.close()]);
      await state.close();
      options.ports.close();
    },
  };
}

/** A table's new columns are a new configuration; what is buffered was made for the old ones and is delivered first. */
function renewWithTables(
  { definitions }: FirehoseState,
  deliveries: Deliveries,
  tables: WatchedTables | undefined,
): void {
  tables?.onTable((database, table) => {
    for (const definition of definitions.all())
      if (!definition.deleting && followsTable(definition, database, table)) deliveries.renew(definition);
  });
}

function followsTable({ destination }: DeliveryStreamDefinition, database: string, table: string): boolean {
  const { DatabaseName, TableName, VersionId = 'LATEST' } = conversionOf(destination)?.SchemaConfiguration ?? {};
  return DatabaseName?.toLowerCase() === database && TableName?.toLowerCase() === table && VersionId === 'LATEST';
}
