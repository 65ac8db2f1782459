import { monitorEventLoopDelay } from 'node:perf_hooks';
import { eventErrors, requestErrors } from '@millrace/sdk/schema';
import fp from 'fastify-plugin';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Delivery, DeliveryHooks } from '../core/delivery.js';
import type { Intake } from '../core/intake.js';
import type { Spool } from '../spool/spool.js';

export interface Metrics {
  registry: Registry;
  hooks: DeliveryHooks;
  /** A request ended; `code` is `ok` or that of the error table. */
  answered(code: string, seconds: number): void;
  /** A batch was acknowledged. */
  acknowledged(intake: Intake): void;
  /** A batch came again after it was acknowledged, or while it was under way: its events were not stored twice. */
  repeated(events: number): void;
}

/** A shard's or stream's failure codes that have a label of their own; whatever else comes counts as `other`. */
const putFailures = new Set([
  'ProvisionedThroughputExceededException',
  'InternalFailure',
  'ResourceNotFoundException',
  'AccessDeniedException',
  'ECONNREFUSED',
  'ECONNRESET',
  'Timeout',
  'TimeoutError',
]);
const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** One registry per app, so that two in a process do not count each other's events. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });

  const received = counter(
    'millrace_events_received_total',
    'Events of acknowledged batches: accepted + rejected + duplicates.',
  );
  const accepted = counter('millrace_events_accepted_total', 'Events that fit the schema and are safe.');
  const rejected = new Counter({
    name: 'millrace_events_rejected_total',
    help: 'Events that went into quarantine, by code.',
    labelNames: ['code'],
    registers,
  });
  const duplicates = counter(
    'millrace_events_duplicates_total',
    'Events of batches that came again and were not stored twice.',
  );
  const undeclared = new Counter({
    name: 'millrace_events_undeclared_total',
    help: 'Accepted events filed under _other, by what is not in the catalogue.',
    labelNames: ['kind'],
    registers,
  });
  const requests = new Counter({
    name: 'millrace_requests_total',
    help: 'Requests to /v1/events, by outcome.',
    labelNames: ['code'],
    registers,
  });
  const duration = new Histogram({
    name: 'millrace_request_duration_seconds',
    help: 'From the first byte of a request to /v1/events to its answer, the wait for the stream included.',
    buckets: seconds,
    registers,
  });
  const putRecords = counter('millrace_put_records_total', 'Packed records that the stream has.');
  const putEvents = counter('millrace_put_events_total', 'Events (quarantined ones included) in these records.');
  const putBytes = counter('millrace_put_bytes_total', 'Bytes of data in these records.');
  const putFailed = new Counter({
    name: 'millrace_put_failures_total',
    help: 'Records that were not taken and are sent again, by code.',
    labelNames: ['code'],
    registers,
  });
  const putDuration = new Histogram({
    name: 'millrace_put_duration_seconds',
    help: 'Duration of a PutRecords call.',
    buckets: seconds,
    registers,
  });
  const spooled = counter('millrace_spooled_events_total', 'Events that were written to the spool.');
  for (const code of Object.keys(eventErrors)) rejected.inc({ code }, 0);
  for (const code of ['ok', ...Object.keys(requestErrors)]) requests.inc({ code }, 0);
  for (const kind of ['page', 'event']) undeclared.inc({ kind }, 0);

  return {
    registry,
    hooks: {
      called: (milliseconds) => putDuration.observe(milliseconds / 1000),
      put(record) {
        putRecords.inc();
        putEvents.inc(record.events);
        putBytes.inc(record.bytes);
      },
      failed: (code) => putFailed.inc({ code: putFailures.has(code) ? code : 'other' }),
      spooled: (events) => spooled.inc(events),
    },
    answered(code, took) {
      requests.inc({ code });
      duration.observe(took);
    },
    repeated(events) {
      received.inc(events);
      duplicates.inc(events);
    },
    acknowledged(intake) {
      received.inc(intake.accepted + intake.rejected.length);
      accepted.inc(intake.accepted);
      for (const { code } of intake.rejected) rejected.inc({ code });
      for (const { code, events } of intake.warnings) {
        undeclared.inc({ kind: code === 'undeclared_page' ? 'page' : 'event' }, events);
      }
    },
  };
}

/** Gauges that are read when somebody asks, and the event loop's delay. */
export const metricsPlugin = fp<{ metrics: Metrics; delivery: Delivery; spool: Spool }>(
  async (app, { metrics, delivery, spool }) => {
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers: [metrics.registry],
        collect() {
          this.set(read());
        },
      });
    gauge('millrace_spool_bytes', 'Bytes of the spool on disk.', () => spool.stats().bytes);
    gauge(
      'millrace_spool_events',
      'Events in the spool that the stream does not have yet.',
      () => spool.stats().events,
    );
    gauge('millrace_spool_damaged_entries', 'Entries set aside since the start.', () => spool.stats().damaged);
    gauge('millrace_lanes', 'Lanes, one per open shard.', () => delivery.status().lanes);
    gauge('millrace_queued_events', 'Events in memory on their way.', () => delivery.status().queuedEvents);
    gauge('millrace_queued_bytes', 'Bytes in memory on their way.', () => delivery.status().queuedBytes);
    gauge('millrace_kinesis_up', '1 when the stream answered last, 0 when it did not.', () =>
      delivery.status().kinesis.state === 'up' ? 1 : 0,
    );
    gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
    new Counter({
      name: 'process_cpu_seconds_total',
      help: 'CPU time, user and system.',
      registers: [metrics.registry],
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    });
    const resolutionMs = 20;
    const delay = monitorEventLoopDelay({ resolution: resolutionMs });
    delay.enable();
    gauge(
      'millrace_event_loop_delay_p99_seconds',
      'Delay of the event loop since the last scrape, 99th percentile.',
      () => {
        // The histogram holds the time between two samples, of which the resolution is no delay.
        const p99 = delay.percentile(99) / 1e6 - resolutionMs;
        delay.reset();
        return Math.max(0, p99) / 1000;
      },
    );
    app.addHook('onClose', async () => delay.disable());
  },
  { name: 'metrics' },
);
