import { eventErrors, type RequestErrorCode, requestErrors } from '@millrace/sdk/schema';
import { Counter, Histogram, Registry } from 'prom-client';
import { billed } from '../core/delivery/cost.js';
import type { DeliveryHooks } from '../core/delivery/delivery-hooks.js';
import type { Intake } from '../core/intake/intake.js';

export interface Metrics {
  registry: Registry;
  hooks: DeliveryHooks;
  /** A request ended; `code` is `ok` or that of the error table. */
  answered(code: string, seconds: number): void;
  /** A request was refused before it was one: what it was for, and when it began, is not known. */
  refusedUnread(code: RequestErrorCode): void;
  /** A request was refused because there are too many by this key or address, or because the event loop has more to do than it can. */
  limited(by: 'key' | 'address'): void;
  shed(): void;
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

/** What is counted as it happens. One registry per app, so that two in a process do not count each other's events. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string) => new Counter({ name, help, registers });
  const labelled = <Label extends string>(name: string, help: string, label: Label, values: Iterable<string>) => {
    const labelNames = [label];
    const made = new Counter({ name, help, labelNames, registers });
    // A series that is there from the start has a first increase.
    for (const value of values) made.labels({ [label]: value } as Record<Label, string>).inc(0);
    return made;
  };

  const received = counter(
    'millrace_events_received_total',
    'Events of acknowledged batches: accepted + rejected + duplicates.',
  );
  const accepted = counter('millrace_events_accepted_total', 'Events that fit the schema and are safe.');
  const rejected = labelled(
    'millrace_events_rejected_total',
    'Events that went into quarantine and are safe there, by code.',
    'code',
    Object.keys(eventErrors),
  );
  const duplicates = counter(
    'millrace_events_duplicates_total',
    'Events of batches that came again and were not stored twice.',
  );
  const undeclared = labelled(
    'millrace_events_undeclared_total',
    'Accepted events filed under _other, by what is not in the catalogue.',
    'kind',
    ['page', 'event'],
  );
  const requests = labelled(
    'millrace_requests_total',
    'Requests to /v1/events, by outcome, with those that never came so far as to say what they were for.',
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
    'Requests refused with 429, by what they were too many of.',
    'by',
    ['key', 'address'],
  );
  const shed = counter(
    'millrace_shed_total',
    'Requests refused with 503 because the event loop had more to do than it could.',
  );
  const putRecords = counter('millrace_put_records_total', 'Packed records that the stream has.');
  const putEvents = counter('millrace_put_events_total', 'Events (quarantined ones included) in these records.');
  const putBytes = counter('millrace_put_bytes_total', 'Bytes of data in these records.');
  const payloadUnits = counter(
    'millrace_put_payload_units_total',
    'PUT payload units of these records: a provisioned stream bills each begun 25 KB of a record.',
  );
  const firehoseBytes = counter(
    'millrace_firehose_billed_bytes_total',
    'These records as Firehose bills them, each rounded up to 5 KB. Whether it rounds a packed record once or each event in it, AWS does not say.',
  );
  const putFailed = labelled(
    'millrace_put_failures_total',
    'Records that were not taken and are sent again, by code.',
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

  // Counted once per request: a series that is at hand spares the look-up by its labels.
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
    registry,
    hooks: {
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
    },
    answered(code, took) {
      requestsOf(code).inc();
      (code === 'ok' ? acceptedDuration : refusedDuration).observe(took);
    },
    refusedUnread: (code) => requestsOf(code).inc(),
    limited: (by) => limited.inc({ by }),
    shed: () => shed.inc(),
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
