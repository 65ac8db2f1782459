import cluster from 'node:cluster';
import { systemClock } from '@millrace/kit/clock';
import { partitionCount } from '@millrace/sdk/schema';
import type { FastifyInstance, FastifyPluginAsync } from 'fastify';
import fp from 'fastify-plugin';
import { shareMetrics } from './cluster/worker-metrics.js';
import type { Config } from './config.js';
import { createLimiter, type Limiter } from './core/admission/limiter.js';
import { createKeyCheck } from './core/admission/write-keys.js';
import type { Delivery } from './core/delivery/delivery.js';
import type { Sink } from './core/delivery/sink.js';
import type { Spool } from './core/delivery/spool.js';
import { declaredNames } from './core/intake/intake.js';
import { createRecentEvents, type RecentEvents } from './core/recent-events.js';
import type { AddressLimits } from './http/address-limits.js';
import { createFastify } from './http/fastify.js';
import { createLog, type Log } from './log.js';
import type { IngestObserver } from './observer.js';
import { openPipeline, type Pipeline } from './pipeline.js';
import { logAside } from './pipeline-log.js';
import { cors } from './plugins/cors.js';
import { drain } from './plugins/drain.js';
import { errors } from './plugins/errors.js';
import { metricsPlugin } from './plugins/metrics.js';
import { clientScript, defaultClientScript } from './routes/client-script.js';
import { health } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { createAdmission } from './routes/v1/admission.js';
import { events } from './routes/v1/events.js';
import { recentRoutes } from './routes/v1/recent.js';
import { schema } from './routes/v1/schema.js';

/** What the server runs on; all but `config` has a default. */
export interface AppOptions {
  config: Config;
  observer?: IngestObserver;
  /** Gets lines of JSON; nothing is logged without it. */
  log?: (line: string) => void;
  /** Instead of the Kinesis stream of the configuration. */
  sink?: Sink;
  /** Instead of the spool in the folder of the configuration. */
  spool?: Spool;
  /** How long a request may take to arrive; 15 s. */
  requestTimeoutMs?: number;
  /** For how long the refusal of an address that sends too much is held back; 1 s. */
  heldMs?: number;
  /** For how long `/metrics` answers the same; 1 s. */
  metricsIntervalMs?: number;
  /** How many of the latest events' ids are remembered at least, in 32 bytes each; 500,000. */
  claimedEvents?: number;
  /** Aborted when the server is to end already: then the start waits for nothing. */
  signal?: AbortSignal;
}

/** What `/v1/recent` keeps, where it is switched on. */
const recentLimits = { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024 };

/** A delivery whose events `recent` shows once they are safe. */
const remembering = (delivery: Delivery, recent: RecentEvents): Delivery => ({
  ...delivery,
  async deliver(chunks) {
    await delivery.deliver(chunks);
    recent.add(chunks);
  },
});

/** A plugin with a name: for one without, Fastify looks through all loaded modules. */
const named = <Options extends object>(name: string, plugin: FastifyPluginAsync<Options>) =>
  fp(plugin, { name, encapsulate: true });

/** What limits how much comes in. */
interface Admitting {
  limiter: Limiter;
  addressLimits: AddressLimits;
}

/** What the routes work with. */
interface Inside {
  pipeline: Pipeline;
  log: Log;
}

/** The routes below /v1, which pages of all origins may read. */
async function registerV1(
  app: FastifyInstance,
  { config, observer = {} }: AppOptions,
  door: Admitting,
  { pipeline, log }: Inside,
) {
  const { metrics, claimedIds } = pipeline;
  let { delivery } = pipeline;
  await app.register(cors);
  await app.register(named('schema', schema));
  if (config.recentToken !== undefined) {
    const recent = createRecentEvents(recentLimits);
    await app.register(named('recent', recentRoutes), { recent, token: config.recentToken });
    delivery = remembering(delivery, recent);
  }
  const admission = createAdmission({
    origins: config.origins,
    isKey: createKeyCheck(config.writeKeys.map(({ key }) => key)),
    limiter: door.limiter,
    limited: metrics.limited,
  });
  await app.register(named('events', events), {
    admission,
    addressLimits: door.addressLimits,
    delivery,
    metrics,
    claimedIds,
    names: declaredNames(config.catalogue),
    sites: new Map(config.writeKeys.map(({ key, site }) => [key, site])),
    observer,
    observerFailed: (thrown) => log.error('the observer failed', { error: String(thrown) }),
  });
}

/**
 * The ingest server without a port: everything is open and running, and `close()` drains it. Never listens.
 * @throws MillraceError when the spool's folder cannot be used
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { config, sink, spool: givenSpool, signal, requestTimeoutMs, claimedEvents } = options;
  const log = createLog(options.log ?? (() => {}));
  const pipeline = await openPipeline({ config, log, sink, spool: givenSpool, signal, claimedEvents });
  const { delivery, metrics, spool } = pipeline;
  await logAside(log, spool, config.spoolFolder);
  const limiter = createLimiter({ ...config, clock: systemClock });
  const { heldMs = 1_000 } = options;
  const { app, addressLimits } = createFastify({ config, delivery, limiter, metrics, requestTimeoutMs, heldMs });
  await app.register(errors, { log });
  await app.register(drain);
  await app.register(metricsPlugin, { metrics, delivery, spool });
  await app.register(
    named('v1', (v1) => registerV1(v1, options, { limiter, addressLimits }, { pipeline, log })),
    { prefix: '/v1' },
  );
  await app.register(named('health', health), { delivery, spool });
  const read = cluster.isWorker ? { read: shareMetrics(metrics.registry) } : {};
  await app.register(named('metrics route', metricsRoute), {
    metrics,
    ...read,
    intervalMs: options.metricsIntervalMs ?? 1_000,
  });
  await app.register(named('client script', clientScript), { file: config.clientScript ?? defaultClientScript() });

  app.addHook('preClose', async () => {
    // For a close without a drain before it: no connection outlives its answer.
    app.drain();
    delivery.hurry();
  });
  app.addHook('onClose', async () => {
    log.info('the ingest server has stopped', { left_in_spool: await pipeline.close() });
  });
  await app.ready();
  log.info('the ingest server is ready', {
    stream: config.stream,
    shards: pipeline.shards,
    partitions: partitionCount(config.catalogue),
    in_spool: spool.stats().events,
  });
  return app;
}
