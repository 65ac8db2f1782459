import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { DeliveryConfiguration } from '../config/delivery-configuration.js';
import type { Meter } from '../meter.js';
import type { DeliveryClock, SourceRecord } from '../ports.js';
import type { Buffers } from '../write/buffers.js';
import { deaggregateEach } from './deaggregate.js';
import { extractKeys, runFilter } from './extract-keys.js';
import type { Transform } from './lambda/transform.js';
import type { Router } from './route-records.js';
import type { DeliveryTarget } from './targets.js';

/** Records are processed in slices of about this size, and other work of the process comes between them. */
const sliceBytes = 256 * 1024;
/** For jq: each slice costs it a start of a millisecond. */
const filteredSliceBytes = 1024 * 1024;

/** The options of `createTake`. */
export interface Taking {
  configuration: DeliveryConfiguration;
  /** Records that arrived in the stream before are passed over; milliseconds since 1970. */
  startMs: number;
  transform?: Transform | undefined;
  route: Router;
  buffers: Buffers<DeliveryTarget>;
  clock: Pick<DeliveryClock, 'wallMs'>;
  meter: Meter;
  signal: AbortSignal;
  /** Called after each slice. */
  taken: () => void;
  /** Called after the records of a read. */
  done: () => void;
}

/** Takes a shard's records, in order, through the Lambda function, jq and the router into the buffers. */
export function createTake(taking: Taking) {
  const { configuration, startMs, transform, route, buffers, clock, meter, signal, taken, done } = taking;
  const filter = configuration.query?.kind === 'filter' ? configuration.query.filter : undefined;
  const mostBytes = filter ? filteredSliceBytes : sliceBytes;
  return async (shardId: string, records: readonly SourceRecord[]): Promise<void> => {
    const wanted = records.filter(({ arrivalMs }) => arrivalMs >= startMs);
    for (let from = 0; from < wanted.length; ) {
      let to = from;
      for (let bytes = 0; to < wanted.length && bytes < mostBytes; to++) bytes += wanted[to]!.data.length;
      const slice = wanted.slice(from, to);
      let subRecords = deaggregateEach(configuration, slice);
      if (transform) subRecords = await transform(shardId, slice, subRecords, signal);
      const filtered = filter && (await runFilter(filter, subRecords, meter, signal));
      route(shardId, slice, extractKeys(configuration, subRecords, filtered), clock.wallMs());
      from = to;
      taken();
      if (from < wanted.length) await yieldToEventLoop();
    }
    // Records from before the start are done with too.
    const { sequenceNumber, arrivalMs } = records.at(-1)!;
    if (wanted.at(-1) !== records.at(-1)) buffers.advance(shardId, { sequenceNumber, arrivalMs });
    done();
  };
}
