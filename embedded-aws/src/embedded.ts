import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localCredentials, localRegion } from '@millrace/kit/local-aws';
import { openCloudWatch } from './cloudwatch/index.js';
import { createMetricStore } from './cloudwatch/metric-store.js';
import { prometheusText } from './cloudwatch/prometheus.js';
import { startEndpoint } from './endpoint.js';
import { embeddedPorts } from './firehose/embedded-ports.js';
import { type DeliveryObserver, type Firehose, openFirehose } from './firehose/index.js';
import type { DeliveryPorts } from './firehose/ports.js';
import type { Catalogue } from './glue/catalogue.js';
import { openGlue } from './glue/index.js';
import { openKinesis } from './kinesis/index.js';
import { openS3 } from './s3/index.js';
import type { AwsService, Log } from './service.js';

/** The options of `startEmbeddedAws`, with defaults for a test suite. */
export interface EmbeddedAwsOptions {
  /**
   * The folder that keeps streams, objects and tables over a restart. Without it: a temporary one, which `stop`
   * removes.
   */
  state?: string;
  /** The port of 127.0.0.1 to listen on; 0, the default, takes any free one. */
  port?: number;
  /**
   * The names that it answers under: `localhost`, names below it, 127.0.0.0/8 and `[::1]` when left out (`loopback`);
   * `*.NAME` for every name below. Empty: every name.
   */
  hosts?: readonly string[];
  /**
   * Divides the buffer intervals of delivery streams; 60 by default, which makes 60 s, the least that dynamic
   * partitioning allows, 1 s. Shard limits and retention are never scaled.
   */
  timeScale?: number;
  /** Gets one line for each thing that a person may want to know; nothing is logged without it. */
  log?: Log;
  /** Is told of every delivered object. */
  observer?: DeliveryObserver;
  /** What stands in for Lambda functions, by name: a module's path, or a URL that takes the event by POST. */
  functions?: Readonly<Record<string, string>>;
  /**
   * Where delivery streams read from Kinesis and write to S3, if not here: the endpoint of another emulator, such as
   * `http://127.0.0.1:4567`.
   */
  deliveryEndpoint?: string;
}

/** An embedded AWS that runs. */
export interface EmbeddedAws {
  /** `http://127.0.0.1:4566`: the `endpoint` of AWS clients, or `AWS_ENDPOINT_URL`. */
  url: string;
  /** The region in every ARN: `us-east-1`. */
  region: string;
  /** Credentials for AWS clients: `test` and `test`. No signature is checked. */
  credentials: { accessKeyId: string; secretAccessKey: string };
  /** The state folder: the one that was given, or the temporary one. */
  state: string;
  /** Glue's tables. */
  catalogue: Catalogue;
  /**
   * Delivers what is buffered (waiting 10 s for S3 at most), then ends everything. A second call waits for the first.
   */
  stop(): Promise<void>;
}

/**
 * Starts Kinesis, Data Firehose, S3, Glue and CloudWatch on one endpoint of 127.0.0.1. Several can run side by side,
 * each on its own state folder.
 * @throws MillraceError naming the port when it is taken, or the file that is damaged and what to do.
 */
export async function startEmbeddedAws(options: EmbeddedAwsOptions = {}): Promise<EmbeddedAws> {
  if (options.state !== undefined) return start(options, options.state);
  const temporary = await mkdtemp(join(tmpdir(), 'embedded-aws-'));
  const remove = () => rm(temporary, { recursive: true, force: true, maxRetries: 3 });
  try {
    const started = await start(options, temporary);
    return { ...started, stop: once(() => started.stop().finally(remove)) };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function start(options: EmbeddedAwsOptions, state: string): Promise<EmbeddedAws> {
  const { port = 0, hosts, log = () => {} } = options;
  const opened: AwsService[] = [];
  try {
    const { services, firehose, catalogue, metrics } = await openServices(options, state, opened);
    const endpoint = await startEndpoint({
      port,
      ...(hosts ? { hosts } : {}),
      services,
      metrics: () => prometheusText(metrics.list()),
      log,
    });
    firehose.start();
    return {
      url: endpoint.url,
      region: localRegion,
      credentials: { ...localCredentials },
      state,
      catalogue,
      stop: once(async () => {
        // Whoever still puts records gets an answer while the delivery engine writes its last objects.
        await firehose.close();
        await endpoint.close();
        for (const service of services) if (service !== firehose) await service.close();
      }),
    };
  } catch (error) {
    for (const service of opened.reverse()) await service.close();
    throw error;
  }
}

/** @param opened gets each service as soon as it is open, so that a failed start can close it */
async function openServices(
  { timeScale = 60, log = () => {}, functions, observer, deliveryEndpoint }: EmbeddedAwsOptions,
  state: string,
  opened: AwsService[],
) {
  let delivery: Firehose | undefined;
  const metrics = createMetricStore();
  const kinesis = await openKinesis({
    folder: join(state, 'kinesis'),
    log,
    arrivalsFrom: () => delivery?.newestMs() ?? 0,
  });
  opened.push(kinesis);
  const s3 = await openS3({ folder: join(state, 's3'), metaFolder: join(state, 's3', '.meta'), log });
  opened.push(s3);
  const glue = await openGlue({ folder: join(state, 'glue') });
  const firehose = await openFirehose({
    folder: join(state, 'firehose'),
    ports: deliveryEndpoint === undefined ? embeddedPorts(kinesis, s3) : await portsOf(deliveryEndpoint),
    timeScale,
    log,
    metrics,
    tables: glue.catalogue,
    ...(functions ? { functions } : {}),
    ...(observer ? { observer } : {}),
  });
  opened.push(firehose);
  delivery = firehose;
  // S3 comes last: it accepts whatever names no service.
  const services: AwsService[] = [kinesis, firehose, glue, openCloudWatch(metrics), s3];
  return { services, firehose, catalogue: glue.catalogue, metrics };
}

/** The AWS clients are loaded only where they are needed: that takes longer than the start of all services. */
async function portsOf(endpoint: string): Promise<DeliveryPorts> {
  const { createAwsClients } = await import('./firehose/aws-clients.js');
  return createAwsClients(endpoint);
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
