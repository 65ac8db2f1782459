import { eventErrors, type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import { Counter, Histogram, Registry } from 'prom-client';
import { billed } from '../core/delivery/cost.js';
import type { DeliveryHooks } from '../core/delivery/delivery-hooks.js';
import type { Intake } from '../core/intake/intake.js';

/** Counters of requests to `/v1/events`. */
interface RequestCounters {
  /** A request ended; `code` is `ok` or that of the error table. */
  answered(code: string, seconds: number): void;
  /** A connection was refused before there was a request: its route and its beginning are unknown. */
  refusedUnread(code: RequestErrorCode): void;
  /** A request was refused with 429, by the limit of its key or address. */
  limited(by: 'key' | 'address' | 'address_bytes'): void;
  /** A request was refused with 503, because the event loop is overloaded. */
  shed(): void;
}

/** Counters of the events in batches. */
interface EventCounters {
  /** A batch was acknowledged. */
  acknowledged(intake: Intake): void;
  /**
   * `events` came again, after they were acknowledged or while they were under way, and were not stored twice.
   */
  repeated(events: number): void;
}

/** What is counted as it happens. */
export interface Metrics extends RequestCounters, EventCounters {
  registry: Registry;
  /** Counts what a delivery puts and spools. */
  hooks: DeliveryHooks;
}

/** Failure codes of a shard or stream that have a label of their own; all others count as `other`. */
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

/** Makers of counters in one registry. */
function makers(registry: Registry) {
  const registers = [registry];
  return {
    registers,
    counter: (name: string, help: string) => new Counter({ name, help, registers }),
    labelled<Label extends string>(name: string, help: string, label: Label, values: Iterable<string>) {
      const made = new Counter({ name, help, labelNames: [label], registers });
      // A series that is there from the start has a first increase.
      for (const value of values) made.labels({ [label]: value } as Record<Label, string>).inc(0);
      return made;
    },
  };
}
type Makers = ReturnType<typeof makers>;

function countEvents({ counter, labelled }: Makers): EventCounters {
  const received = counter(
    'millrace_events_received_total',
    'Events of acknowledged batches: accepted + rejected + duplicates.',
  );
  const accepted = counter('millrace_events_accepted_total', 'Events that fit the schema and are safe.');
  const rejected = labelled(
    'millrace_events_rejected_total',
    'Events in quarantine, and safe there, by code.',
    'code',
    Object.keys(eventErrors),
  );
  const unkept = counter(
    'millrace_events_unkept_total',
    'Rejected events without a row in quarantine: their batch had more of them than it may keep.',
  );
  const duplicates = counter(
    'millrace_events_duplicates_total',
    'Events of batches that came again and were not stored twice.',
  );
  const undeclared = labelled(
    'millrace_events_undeclared_total',
    'Accepted events filed under _other, by which name is not in the catalogue.',
    'kind',
    ['page', 'event'],
  );
  return {
    repeated(events) {
      received.inc(events);
      duplicates.inc(events);
    },
    acknowledged(intake) {
      received.inc(intake.accepted + intake.rejected.length);
      accepted.inc(intake.accepted);
      for (const { code } of intake.rejected) rejected.inc({ code });
      unkept.inc(intake.unkept);
      for (const { code, events } of intake.warnings) {
        undeclared.inc({ kind: code === 'undeclared_page' ? 'page' : 'event' }, events);
      }
    },
  };
}

function countRequests({ counter, labelled, registers }: Makers): RequestCounters {
  const requests = labelled(
    'millrace_requests_total',
    'Requests to /v1/events, by outcome; connections that ended before their request could be read count too.',
    'code',
    ['ok', ...Object.keys(requestErrors)],
  );
  const duration = new Histogram({
    name: 'millrace_request_duration_seconds',
    help: 'From the first byte of a request to /v1/events to its answer, the wait for the stream included, by whether it was accepted.',
    labelNames: ['outcome'],
    buckets: seconds,
    registers,
  });
  const limited = labelled(
    'millrace_rate_limited_total',
    'Requests refused with 429, by the limit they exceeded.',
    'by',
    ['key', 'address', 'address_bytes'],
  );
  const shed = counter('millrace_shed_total', 'Requests refused with 503 because the event loop was overloaded.');

  // Counted once a request: a series at hand spares the look-up by its labels.
  const acceptedDuration = duration.labels({ outcome: 'accepted' });
  const refusedDuration = duration.labels({ outcome: 'refused' });
  const requestSeries = new Map<string, Counter.Internal>();
  function requestsOf(code: string): Counter.Internal {
    let series = requestSeries.get(code);
    if (series === undefined) {
      series = requests.labels({ code });
      requestSeries.set(code, series);
    }
    return series;
  }

  return {
    answered(code, took) {
      requestsOf(code).inc();
      (code === 'ok' ? acceptedDuration : refusedDuration).observe(took);
    },
    refusedUnread: (code) => requestsOf(code).inc(),
    limited: (by) => limited.inc({ by }),
    shed: () => shed.inc(),
  };
}

function countPuts({ counter, labelled, registers }: Makers): DeliveryHooks {
  const putRecords = counter('millrace_put_records_total', 'Packed records that the stream has.');
  const putEvents = counter('millrace_put_events_total', 'Events (quarantined ones included) in these records.');
  const putBytes = counter('millrace_put_bytes_total', 'Bytes of data in these records.');
  const payloadUnits = counter(
    'millrace_put_payload_units_total',
    'PUT payload units of these records: a provisioned stream bills each begun 25 KB of a record.',
  );
  const firehoseBytes = counter(
    'millrace_firehose_billed_bytes_total',
    'These records as Firehose bills them, each rounded up to 5 KB. AWS does not say whether it rounds a packed record once or each event in it.',
  );
  const putFailed = labelled(
    'millrace_put_failures_total',
    'Records that the stream did not take, and that are sent again, by code.',
    'code',
    [...putFailures, 'other'],
  );
  const putDuration = new Histogram({
    name: 'millrace_put_duration_seconds',
    help: 'Duration of a PutRecords call.',
    buckets: seconds,
    registers,
  });
  const spooled = counter('millrace_spooled_events_total', 'Events that were written to the spool.');
  return {
    called: (milliseconds) => putDuration.observe(milliseconds / 1000),
    put(record) {
      putRecords.inc();
      putEvents.inc(record.events);
      putBytes.inc(record.bytes);
      const bill = billed(record.bytes);
      payloadUnits.inc(bill.payloadUnits);
      firehoseBytes.inc(bill.firehoseBytes);
    },
    failed: (code) => putFailed.inc({ code: putFailures.has(code) ? code : 'other' }),
    spooled: (events) => spooled.inc(events),
  };
}

/** Counters in a registry of their own, so that two apps in a process do not count each other's events. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const make = makers(registry);
  const events = countEvents(make);
  return { registry, ...events, ...countRequests(make), hooks: countPuts(make) };
}
