import { join } from 'node:path';
import { openCloudWatch } from './cloudwatch/index.js';
import { createMetricStore } from './cloudwatch/metric-store.js';
import { prometheusText } from './cloudwatch/prometheus.js';
import { startEndpoint } from './endpoint.js';
import { type DeliveryObserver, type Firehose, openFirehose } from './firehose/index.js';
import type { Catalogue } from './glue/catalogue.js';
import { openGlue } from './glue/index.js';
import { openKinesis } from './kinesis/index.js';
import type { Log } from './part.js';
import { openS3 } from './s3/index.js';

export interface EmbeddedAwsOptions {
  /** The state folder; the parts keep their own folders in it. */
  state: string;
  /** 0 takes any free port. */
  port: number;
  /** Divides the delivery streams' buffer intervals: 30 makes 60 s into 2 s. Shard limits and retention are never scaled. */
  timeScale: number;
  log: Log;
  observer?: DeliveryObserver;
  /** What stands in for Lambda functions, by name: a module's path, or a URL that takes the event by POST. */
  functions?: Readonly<Record<string, string>>;
}

export interface EmbeddedAws {
  /** `http://127.0.0.1:4566`, for AWS_ENDPOINT_URL. */
  url: string;
  /** Glue's. */
  catalogue: Catalogue;
  /** Delivers what is buffered, then stops. */
  close(): Promise<void>;
}

/** The folder in which a bucket's objects lie as plain files. */
export function bucketFolder(state: string, bucket: string): string {
  return join(state, 's3', bucket);
}

/** Starts Kinesis, S3 and Data Firehose on one endpoint, on what the state folder holds. For 127.0.0.1 only: no signature is checked. */
export async function startEmbeddedAws(options: EmbeddedAwsOptions): Promise<EmbeddedAws> {
  const { state, log } = options;
  let delivery: Firehose | undefined;
  const kinesis = await openKinesis({
    folder: join(state, 'kinesis'),
    log,
    arrivalsFrom: () => delivery?.newestMs() ?? 0,
  });
  const s3 = await openS3({ folder: join(state, 's3'), metaFolder: join(state, 's3', '.meta'), log });
  const glue = await openGlue({ folder: join(state, 'glue') });
  const metrics = createMetricStore();
  const cloudwatch = openCloudWatch(metrics);
  let url = '';
  const firehose = await openFirehose({
    folder: join(state, 'firehose'),
    endpointUrl: () => url,
    timeScale: options.timeScale,
    log,
    metrics,
    tables: glue.catalogue,
    ...(options.functions ? { functions: options.functions } : {}),
    ...(options.observer ? { observer: options.observer } : {}),
  });
  delivery = firehose;
  const closeParts = async () => {
    await kinesis.close();
    await s3.close();
  };
  let endpoint: Awaited<ReturnType<typeof startEndpoint>>;
  try {
    endpoint = await startEndpoint({
      port: options.port,
      parts: { kinesis, firehose, s3, cloudwatch, glue },
      metrics: () => prometheusText(metrics.list()),
      log,
    });
  } catch (error) {
    await firehose.close();
    await closeParts();
    throw error;
  }
  url = endpoint.url;
  firehose.start();
  return {
    url,
    catalogue: glue.catalogue,
    async close() {
      // The delivery engine writes its last objects through the endpoint, so it goes first.
      await firehose.close();
      await endpoint.close();
      await closeParts();
    },
  };
}
