import { monitorEventLoopDelay } from 'node:perf_hooks';
import fp from 'fastify-plugin';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { BalanceSheet } from '../core/delivery/balance.js';
import { dollars } from '../core/delivery/cost.js';
import type { Delivery } from '../core/delivery/delivery.js';
import type { Spool } from '../core/delivery/spool.js';
import type { Metrics } from './metric-counters.js';

/** Makers of metrics that are read at each scrape. */
function readers(registry: Registry) {
  const registers = [registry];
  return {
    gauge: (name: string, help: string, read: () => number | Promise<number>) =>
      new Gauge({
        name,
        help,
        registers,
        async collect() {
          this.set(await read());
        },
      }),
    counter: (name: string, help: string, read: () => number) =>
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(read());
        },
      }),
  };
}

/**
 * Where the events are. At every scrape
 * accepted + rejected + recovered + unacknowledged = delivered + in_spool + in_flight + set_aside + unkept.
 */
function addBalance(registry: Registry, balance: () => BalanceSheet) {
  const { gauge, counter } = readers(registry);
  const n = 'millrace_events';
  counter(
    `${n}_recovered_total`,
    'Events that an earlier process accepted or rejected and left in the spool. accepted + rejected + recovered + unacknowledged = delivered + in_spool + in_flight + set_aside + unkept.',
    () => balance().recovered,
  );
  counter(
    `${n}_unacknowledged_total`,
    'Events kept although their batch was refused, because another part of it was not safe.',
    () => balance().unacknowledged,
  );
  counter(`${n}_delivered_total`, 'Events (quarantined ones included) that the stream has.', () => balance().delivered);
  gauge(`${n}_in_spool`, 'Events on disk, waiting.', () => balance().inSpool);
  gauge(`${n}_in_flight`, 'Events on disk that are in a call to the stream.', () => balance().inFlight);
  counter(
    `${n}_set_aside_total`,
    'Events damaged on disk and kept: beside the spool or, on a full disk, in it.',
    () => balance().setAside,
  );
}

function addSizes(registry: Registry, delivery: Delivery, spool: Spool) {
  const { gauge } = readers(registry);
  gauge('millrace_spool_bytes', 'Bytes of the spool on disk.', () => spool.stats().bytes);
  gauge('millrace_spool_events', 'Events in the spool that the stream does not have yet.', () => spool.stats().events);
  gauge(
    'millrace_spool_damaged_entries',
    'Damaged entries set aside since the start, or found at it.',
    () => spool.stats().damaged,
  );
  gauge(
    'millrace_spool_set_aside_bytes',
    'Bytes of damaged entries that are set aside, also by earlier processes; 0 once `millrace spool drain` or a person took them away.',
    () => spool.asideBytes(),
  );
  gauge('millrace_spool_writable', '1 when the spool takes events, 0 when it is full or cannot be written.', () =>
    spool.stats().full || spool.stats().failure !== undefined ? 0 : 1,
  );
  gauge('millrace_lanes', 'Lanes: queues on their way to the stream.', () => delivery.status().lanes);
  gauge('millrace_queued_events', 'Events in memory on their way.', () => delivery.status().queuedEvents);
  gauge('millrace_queued_bytes', 'Bytes in memory on their way.', () => delivery.status().queuedBytes);
  gauge(
    'millrace_lag_seconds',
    'Age of the oldest event that the stream does not have, in memory or in the spool.',
    () => delivery.status().lagMs / 1000,
  );
  gauge('millrace_kinesis_up', '1 when the stream is available, 0 when it is not.', () =>
    delivery.status().kinesis.state === 'up' ? 1 : 0,
  );
}

/** What the events cost on their way to the bucket, as far as packing matters. */
function addCost(registry: Registry) {
  const totalOf = async (name: string) => (await registry.getSingleMetric(name)!.get()).values[0]!.value;
  const cost = new Gauge({
    name: 'millrace_dollars_per_million_events',
    help: 'List price (us-east-1) of a million events as packed since the start: PUT payload units of a provisioned stream, and Firehose ingestion with a packed record rounded once. Without shard hours, partitioning and storage.',
    labelNames: ['service'],
    registers: [registry],
    async collect() {
      const [events, payloadUnits, firehoseBytes] = await Promise.all(
        ['millrace_put_events_total', 'millrace_put_payload_units_total', 'millrace_firehose_billed_bytes_total'].map(
          totalOf,
        ),
      );
      if (!events) return;
      for (const [service, sum] of Object.entries(
        dollars({ payloadUnits: payloadUnits!, firehoseBytes: firehoseBytes! }),
      )) {
        cost.set({ service }, (sum / events) * 1e6);
      }
    },
  });
}

function addProcess(registry: Registry) {
  const { gauge, counter } = readers(registry);
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  counter('process_cpu_seconds_total', 'CPU time, user and system.', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}

/** The event loop's delay; returns how to stop watching it. */
function addEventLoop(registry: Registry): () => void {
  const resolutionMs = 20;
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  readers(registry).gauge(
    'millrace_event_loop_delay_p99_seconds',
    'Delay of the event loop since the last scrape, 99th percentile.',
    () => {
      // The histogram has the time between two samples; the resolution is not part of the delay.
      const p99 = delay.percentile(99) / 1e6 - resolutionMs;
      delay.reset();
      return Math.max(0, p99) / 1000;
    },
  );
  return () => delay.disable();
}

/** All metrics that are read at each scrape. */
export const metricsPlugin = fp<{ metrics: Metrics; delivery: Delivery; spool: Spool }>(
  async (app, { metrics: { registry }, delivery, spool }) => {
    addBalance(registry, delivery.balance);
    addSizes(registry, delivery, spool);
    addCost(registry);
    addProcess(registry);
    const stopWatching = addEventLoop(registry);
    app.addHook('onClose', async () => stopWatching());
  },
  { name: 'metrics' },
);
