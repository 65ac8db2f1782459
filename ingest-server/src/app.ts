import cluster from 'node:cluster';
import { createServer } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '@millrace/kit/clock';
import { partitionCount } from '@millrace/sdk/schema';
import Fastify, { type FastifyInstance } from 'fastify';
import { shareMetrics } from './cluster/worker-metrics.js';
import type { Config } from './config.js';
import { createShedding } from './core/admission/shedding.js';
import { createKeyCheck } from './core/admission/write-keys.js';
import { recoverFromCrash } from './core/delivery/crash-recovery.js';
import { createDelivery, type Delivery } from './core/delivery/delivery.js';
import type { DeliveryHooks } from './core/delivery/delivery-hooks.js';
import { firstRanges, watchShards } from './core/delivery/shard-watch.js';
import type { Sink } from './core/delivery/sink.js';
import type { Spool } from './core/delivery/spool.js';
import { declaredNames } from './core/intake/intake.js';
import { createRecentEvents, type RecentEvents } from './core/recent-events.js';
import { type ClaimedIds, createClaimedIds } from './core/repeats/claimed-ids.js';
import { eventIdsOf } from './core/repeats/event-ids.js';
import { createClientErrorHandler } from './http/client-error.js';
import { createEarlyRefusal } from './http/early-refusal.js';
import { watchEventLoop } from './http/event-loop.js';
import { createLog, type Log } from './log.js';
import type { IngestObserver } from './observer.js';
import { cors } from './plugins/cors.js';
import { drain } from './plugins/drain.js';
import { errors } from './plugins/errors.js';
import { createMetrics, type Metrics, metricsPlugin } from './plugins/metrics.js';
import { protection } from './plugins/protection.js';
import { clientScript, defaultClientScript } from './routes/client-script.js';
import { health } from './routes/health.js';
import { metricsRoute } from './routes/metrics.js';
import { events } from './routes/v1/events.js';
import { recentRoutes } from './routes/v1/recent.js';
import { schema } from './routes/v1/schema.js';
import { createKinesisSink } from './sinks/kinesis.js';
import { openDiskSpool } from './spool/disk-spool.js';

export interface AppOptions {
  config: Config;
  observer?: IngestObserver;
  /** Gets lines of JSON; nothing is logged without it. */
  log?: (line: string) => void;
  /** Instead of the Kinesis stream of the configuration. */
  sink?: Sink;
  /** Instead of the spool in the folder of the configuration. */
  spool?: Spool;
  /** How long a request may take to arrive. */
  requestTimeoutMs?: number;
  /** Aborted when the server is to end already: then nothing is waited for at the start. */
  signal?: AbortSignal;
}

/** What may wait in memory for the stream; above it the spool takes events at once. */
const maxQueuedBytes = 32 * 1024 * 1024;
/** Events that come again in another batch do so soon: 16 MiB hold what a core takes in in a good ten seconds at its most, in minutes as a rule. */
const claimedEvents = 500_000;
/**
 * For finding out what a killed process left open, before the first request is taken; what takes longer goes on beside them. A shard gives what
 * it got in the some six seconds that are looked at in three.
 */
const leftOpenMs = 15_000;
/** For what is left when the last request is answered: the server as a whole has 10 s to end. */
const closeLimitMs = 3_000;

/** What may be looked at afterwards, where that is asked for. */
const recentLimits = { maxEvents: 1_000, maxBytes: 8 * 1024 * 1024 };

const spoolReport = (log: Log) => ({
  damaged: (found: Record<string, unknown>) =>
    log.error('a spool entry was damaged on disk and is set aside; the rest is delivered', found),
  torn: (found: Record<string, unknown>) =>
    log.warn('the last write of the spool was never finished, nor acknowledged: cut off', found),
  failed: (error: Error) => log.error('the spool could not be written', { error: error.message }),
});

function deliveryHooks(log: Log, metrics: Metrics, stream: string, claimedIds: ClaimedIds): DeliveryHooks {
  return {
    ...metrics.hooks,
    keptThoughRefused: ({ data }) => claimedIds.know(eventIdsOf(data)),
    kinesis({ state, code, message }) {
      if (state === 'up') log.info('the stream takes events', { stream });
      else log.warn('the stream does not take events: they go to the spool', { stream, code, reason: message });
    },
    spool(inUse) {
      log[inUse ? 'warn' : 'info'](inUse ? 'the spool is in use' : 'the spool is empty');
    },
    spoolUnreadable: (error) => log.error('the spool could not be read; trying again', { error: error.message }),
  };
}

/** A delivery whose events can be looked at once they are safe. */
const remembering = (delivery: Delivery, recent: RecentEvents): Delivery => ({
  ...delivery,
  async deliver(chunks) {
    await delivery.deliver(chunks);
    recent.add(chunks);
  },
});

/**
 * The ingest server without a port: everything is open and running, and `close()` drains it. Never listens.
 * @throws Error when the spool's folder cannot be used
 */
export async function buildApp(options: AppOptions): Promise<FastifyInstance> {
  const { config, observer = {} } = options;
  const log = createLog(options.log ?? (() => {}));
  const spool =
    options.spool ??
    (await openDiskSpool({ folder: config.spoolFolder, maxBytes: config.spoolMaxBytes, report: spoolReport(log) }));
  const sink = options.sink ?? createKinesisSink({ stream: config.stream });
  const metrics = createMetrics();
  const recent = config.recentToken === undefined ? undefined : createRecentEvents(recentLimits);
  const isKey = createKeyCheck(config.writeKeys);
  const { ranges, areGuessed, error } = await firstRanges(sink);
  const claimedIds = createClaimedIds(claimedEvents);
  const delivery = createDelivery({
    sink,
    spool,
    clock: systemClock,
    ranges,
    rangesAreGuessed: areGuessed,
    waits: spool.leftOpen !== undefined,
    lingerMs: config.lingerMs,
    ackTimeoutMs: config.ackTimeoutMs,
    maxQueuedBytes,
    hooks: deliveryHooks(log, metrics, config.stream, claimedIds),
  });
  delivery.reportKinesis(
    error === undefined ? { state: 'up' } : { state: 'down', code: error.code, message: error.message },
  );
  const stopWatching = watchShards(sink, delivery, error === undefined);
  const leftOpen = recoverFromCrash({
    sink,
    spool,
    claimedIds,
    clock: systemClock,
    settled: delivery.begin,
    report: ({ events: found, spooledEvents, error: reason }) =>
      reason === undefined
        ? log.info('the process before this one was killed: what it had begun to put is known', {
            in_stream: found,
            of_these_in_spool: spooledEvents,
          })
        : log.warn('the process before this one was killed, and what it had begun to put is put again', {
            reason: reason.message,
          }),
  });
  await Promise.race([leftOpen.tried, pause(leftOpenMs, undefined, { ref: false, signal: options.signal })]).catch(
    () => {
      // Aborted: whoever did that closes the app.
    },
  );

  const loop = config.shedDelayMs === 0 ? undefined : watchEventLoop();
  const refusesEarly = createEarlyRefusal({
    shedding: loop && createShedding(loop, config.shedDelayMs),
    delivery,
    metrics,
  });
  const serverOptions = {
    // A body that trickles in is cut off here; 1 MiB takes 15 s at 560 kbit/s.
    requestTimeout: options.requestTimeoutMs ?? 15_000,
    headersTimeout: Math.min(10_000, options.requestTimeoutMs ?? 10_000),
    connectionsCheckingInterval: 1_000,
    // Longer than a load balancer keeps its side (60 s), so that it never sends into a connection that is being closed.
    keepAliveTimeout: 65_000,
  };
  const app = Fastify({
    logger: false,
    serverFactory: (handle) =>
      createServer(serverOptions, (request, response) => {
        if (!refusesEarly(request, response)) handle(request, response);
      }),
    forceCloseConnections: 'idle',
    // While closing, what still arrives on open connections is served.
    return503OnClosing: false,
    clientErrorHandler: createClientErrorHandler(metrics),
    // Who is no trusted proxy may write into X-Forwarded-For what it likes.
    trustProxy: config.trustedProxies.length > 0 ? [...config.trustedProxies] : false,
    routerOptions: { maxParamLength: 100 },
  });
  await app.register(errors, { log });
  await app.register(drain);
  await app.register(metricsPlugin, { metrics, delivery, spool });
  await app.register(
    async (v1) => {
      await v1.register(cors);
      await v1.register(schema);
      if (recent !== undefined) await v1.register(recentRoutes, { recent, token: config.recentToken! });
      await v1.register(async (guarded) => {
        await guarded.register(protection, { ...config, isKey, metrics, clock: systemClock });
        await guarded.register(events, {
          delivery: recent === undefined ? delivery : remembering(delivery, recent),
          metrics,
          claimedIds,
          names: declaredNames(config.catalogue),
          origins: config.origins,
          isKey,
          observer,
          observerFailed: (thrown) => log.error('the observer failed', { error: String(thrown) }),
        });
      });
    },
    { prefix: '/v1' },
  );
  await app.register(health, { delivery, spool });
  const read = cluster.isWorker ? { read: shareMetrics(metrics.registry) } : {};
  await app.register(metricsRoute, { metrics, ...read });
  await app.register(clientScript, { file: config.clientScript ?? defaultClientScript() });

  app.addHook('preClose', async () => {
    // Who closes without draining first gets this much of it: no connection outlives its answer.
    app.drain();
    delivery.hurry();
  });
  app.addHook('onClose', async () => {
    loop?.stop();
    stopWatching();
    leftOpen.stop();
    await delivery.close(closeLimitMs);
    const left = spool.stats().events;
    await spool.close();
    sink.close();
    log.info('the ingest server has stopped', { left_in_spool: left });
  });
  await app.ready();
  log.info('the ingest server is ready', {
    stream: config.stream,
    lanes: ranges.length,
    partitions: partitionCount(config.catalogue),
    in_spool: spool.stats().events,
  });
  return app;
}
