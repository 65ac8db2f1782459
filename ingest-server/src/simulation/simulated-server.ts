import type { Clock } from '@millrace/kit/clock';
import { createRandom } from '@millrace/kit/seeded-random';
import { createDelivery, type Delivery, type DeliveryOptions } from '../core/delivery/delivery.js';
import type { HashRange } from '../core/delivery/hash-ranges.js';
import { createLedger } from '../core/delivery/ledger.js';
import type { Sink } from '../core/delivery/sink.js';
import { createSpread, type SpreadName } from '../core/delivery/spread.js';
import { chunkLimits } from '../core/intake/chunker.js';
import type { Arrival } from './arrivals.js';
import { createParcel, type Parcel } from './parcel.js';
import { createSimulatedDisk, type SimulatedDisk } from './simulated-spool.js';
import { createMortalClock } from './virtual-clock.js';

/** How the ingest server is set. */
export type ServerSettings = Pick<DeliveryOptions, 'lingerMs' | 'ackTimeoutMs' | 'maxQueuedBytes'> & {
  /** A lane for each shard, or records one after another over all shards. */
  spread: SpreadName;
  spoolMaxBytes: number;
};

/** As the server sets itself, with the spool of the template. */
export const serverDefaults = {
  ackTimeoutMs: 2_000,
  maxQueuedBytes: 32 * 1024 * 1024,
  spoolMaxBytes: 8 * 2 ** 30,
} as const;

/** A server's parts, and who learns what became of its requests. */
export interface SimulatedServerOptions {
  index: number;
  clock: Clock;
  sink: Sink;
  ranges: readonly HashRange[];
  settings: ServerSettings;
  seed: string;
  /** Of a line, with its newline. */
  lineBytes: number;
  hashOf(visitor: number): number;
  acknowledged(parcels: readonly Parcel[], tookMs: number): void;
  /** The server could not keep a request: its tracker sends it again. */
  refused(arrival: Arrival): void;
}

/** One ingest server behind HTTP: the real delivery, with a simulated stream and disk. */
export interface SimulatedServer {
  readonly disk: SimulatedDisk;
  /** Whether it takes requests. */
  isUp(): boolean;
  send(arrival: Arrival): void;
  /** Bytes in memory. */
  queuedBytes(): number;
  /** Ends as at SIGTERM; `start` begins anew with the same disk. */
  close(): Promise<void>;
  start(): void;
  /** The machine is gone, with its disk. */
  kill(): void;
}

const closeLimitMs = 3_000;

/** A server that has started. */
export function createSimulatedServer(options: SimulatedServerOptions): SimulatedServer {
  const { index, clock, sink, ranges, settings, seed, lineBytes, hashOf, acknowledged, refused } = options;
  const linesInChunk = Math.max(1, Math.min(chunkLimits.events, Math.floor(chunkLimits.bytes / lineBytes)));
  const random = createRandom(`server ${index} ${seed}`);
  const disk = createSimulatedDisk(settings.spoolMaxBytes);
  let up: { delivery: Delivery; kill(): void } | undefined;
  let sequence = 0;

  function start() {
    const own = createMortalClock(clock);
    const { spoolMaxBytes, spread, ...limits } = settings;
    const delivery = createDelivery({
      ...limits,
      ledger: createLedger(`${seed}.${index}`, own.wallMs),
      spread: createSpread(spread, random.unit),
      sink: { ...sink, put: (records) => own.orNever(sink.put(records)) },
      spool: disk.open(own),
      clock: own,
      ranges,
      random: random.unit,
    });
    up = { delivery, kill: own.kill };
  }

  function parcelsOf({ visitor, events }: Arrival): Parcel[] {
    const parcels: Parcel[] = [];
    for (let left = events; left > 0; left -= linesInChunk) {
      const lines = Math.min(left, linesInChunk);
      const facts = { server: index, visitor, sequence: sequence++, hash: hashOf(visitor), events: lines };
      parcels.push(createParcel(facts, lines * lineBytes));
    }
    return parcels;
  }

  start();
  return {
    disk,
    isUp: () => up !== undefined,
    send(arrival) {
      if (up === undefined) return refused(arrival);
      const parcels = parcelsOf(arrival);
      const since = clock.monotonicMs();
      up.delivery.deliver(parcels).then(
        () => acknowledged(parcels, clock.monotonicMs() - since),
        () => refused(arrival),
      );
    },
    queuedBytes: () => up?.delivery.status().queuedBytes ?? 0,
    async close() {
      const closing = up;
      up = undefined;
      await closing?.delivery.close(closeLimitMs);
    },
    start,
    kill() {
      up?.kill();
      up = undefined;
    },
  };
}
