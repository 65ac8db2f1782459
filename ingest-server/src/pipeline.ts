import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { systemClock } from '@millrace/kit/clock';
import type { Config } from './config.js';
import { recoverFromCrash } from './core/delivery/crash-recovery.js';
import { createDelivery, type Delivery } from './core/delivery/delivery.js';
import { createLedger } from './core/delivery/ledger.js';
import { firstRanges, watchShards } from './core/delivery/shard-watch.js';
import type { Sink } from './core/delivery/sink.js';
import type { Spool } from './core/delivery/spool.js';
import { createSpread } from './core/delivery/spread.js';
import { hasJsonObjectLines } from './core/json-object-lines.js';
import { type ClaimedIds, createClaimedIds } from './core/repeats/claimed-ids.js';
import { eventIdsOf } from './core/repeats/event-ids.js';
import type { Log } from './log.js';
import { logCrashRecovery, logDelivery, logSpool } from './pipeline-log.js';
import { createMetrics, type Metrics } from './plugins/metric-counters.js';
import { createKinesisSink } from './sinks/kinesis.js';
import { openDiskSpool } from './spool/disk-spool.js';

/** The configuration, and parts to use instead of it. */
export interface PipelineOptions {
  config: Pick<Config, 'stream' | 'spoolFolder' | 'spoolMaxBytes' | 'spread' | 'lingerMs' | 'ackTimeoutMs'>;
  log: Log;
  /** Instead of the Kinesis stream of the configuration. */
  sink: Sink | undefined;
  /** Instead of the spool in the folder of the configuration. */
  spool: Spool | undefined;
  /** Aborted when the server is to end already: then the start waits for nothing. */
  signal: AbortSignal | undefined;
  /** How many of the latest events' ids are remembered at least. */
  claimedEvents: number | undefined;
}

/** What takes events from a request to the stream, open and running. */
export interface Pipeline {
  delivery: Delivery;
  spool: Spool;
  claimedIds: ClaimedIds;
  metrics: Metrics;
  /** Shards at the start. */
  shards: number;
  /** Sends or spools what is left and closes everything; resolves with the number of events left in the spool. */
  close(): Promise<number>;
}

/** What may wait in memory for the stream; above it the spool takes events at once. */
const maxQueuedBytes = 32 * 1024 * 1024;
/**
 * Events that come again in another batch do so soon: 16 MiB hold what a core takes in ten seconds at full load, in
 * minutes as a rule.
 */
const defaultClaimedEvents = 500_000;
/**
 * How long the start waits for crash recovery, so that no request comes before it; a longer one goes on beside them.
 * Reading the six seconds of a shard that it looks at takes three.
 */
const recoveryMs = 15_000;
/** For what is left when the last request is answered: the server as a whole has 10 s to end. */
const closeLimitMs = 3_000;

/**
 * Opens the spool, asks the stream for its shards, and starts the delivery.
 * @throws MillraceError when the spool's folder cannot be used
 */
export async function openPipeline({ config, log, signal, ...given }: PipelineOptions): Promise<Pipeline> {
  const { stream, spoolFolder: folder, spoolMaxBytes: maxBytes, lingerMs, ackTimeoutMs } = config;
  const spool =
    given.spool ?? (await openDiskSpool({ folder, maxBytes, isReadable: hasJsonObjectLines, report: logSpool(log) }));
  const sink = given.sink ?? createKinesisSink({ stream });
  const metrics = createMetrics();
  const claimedIds = createClaimedIds(given.claimedEvents ?? defaultClaimedEvents);
  const spread = createSpread(config.spread);
  const { ranges, areGuessed, error } = await firstRanges(sink, spread);
  const delivery = createDelivery({
    sink,
    spool,
    clock: systemClock,
    ledger: createLedger(randomBytes(9).toString('base64url'), systemClock.wallMs),
    spread,
    ranges,
    rangesAreGuessed: areGuessed,
    waits: spool.leftOpen !== undefined,
    lingerMs,
    ackTimeoutMs,
    maxQueuedBytes,
    hooks: {
      ...metrics.hooks,
      ...logDelivery(log, stream),
      keptThoughRefused: ({ data }) => claimedIds.know(eventIdsOf(data)),
    },
  });
  delivery.reportKinesis(
    error === undefined ? { state: 'up' } : { state: 'down', code: error.code, message: error.message },
  );
  const stopWatching = watchShards({ sink, delivery, spread, isKnown: error === undefined });
  const recovery = recoverFromCrash({
    sink,
    spool,
    claimedIds,
    clock: systemClock,
    settled: delivery.begin,
    report: logCrashRecovery(log),
  });
  const waited = pause(recoveryMs, undefined, { ref: false, signal }).catch(() => {
    // Aborted: whoever did that closes the pipeline.
  });
  await Promise.race([recovery.tried, waited]);

  return {
    delivery,
    spool,
    claimedIds,
    metrics,
    shards: ranges.length,
    async close() {
      stopWatching();
      recovery.stop();
      await delivery.close(closeLimitMs);
      const { events } = spool.stats();
      await spool.close();
      sink.close();
      return events;
    },
  };
}
