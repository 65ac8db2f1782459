import type { Clock } from '@millrace/kit/clock';
import type { PackedRecord } from '../core/delivery/sink.js';
import { createHistogram } from './histogram.js';
import { createRecordTally, type RecordSums } from './record-tally.js';
import { createShardMeter } from './shard-meter.js';
import type { SimulatedServer } from './simulated-server.js';
import type { SimulatedStream } from './simulated-stream.js';

/** What a fleet did while it was measured. */
export interface FleetFigures {
  seconds: number;
  /** What the stream took; a record's repetition counts again, as it is billed again. */
  taken: RecordSums;
  /** What shards refused, each time. */
  refused: RecordSums;
  /** What was written to the spools. */
  spilled: { events: number; bytes: number };
  /** How long a request waits until its events are safe. */
  acknowledgedMs: { requests: number; p50: number; p99: number };
  /** The busiest shard over the mean one: in 99 of 100 seconds no more than this, and in the worst whole minute. */
  busiestShard: { second: number; minute: number };
  /** Bytes that wait in one server's memory. */
  waitingBytes: { mean: number; p99: number };
  /** Most events in all spools at once, and when the spools were last in use; 0 if never. */
  backlog: { mostEvents: number; lastMs: number };
}

/** Measures a fleet. */
export interface FleetMeter {
  taken(record: PackedRecord): void;
  refused(record: PackedRecord): void;
  acknowledged(tookMs: number): void;
  /** What came before does not count. */
  begin(): void;
  figures(): FleetFigures;
}

/** What is measured. */
export interface FleetMeterOptions {
  clock: Clock;
  stream: Pick<SimulatedStream, 'shards'>;
  servers: readonly SimulatedServer[];
}

/** How often memory and spools are looked at. */
const lookMs = 250;

/** The value that `share` of the numbers do not exceed; 0 where there are none. */
function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const sumOf = (numbers: readonly number[]) => numbers.reduce((sum, number) => sum + number, 0);

/** A meter that counts from the start. */
export function createFleetMeter({ clock, stream, servers }: FleetMeterOptions): FleetMeter {
  const taken = createRecordTally();
  const refused = createRecordTally();
  const waits = createHistogram();
  const shards = createShardMeter(stream.shards);
  let waiting: number[] = [];
  let backlog = { mostEvents: 0, lastMs: 0 };
  let spilledBefore = { events: 0, bytes: 0 };
  let beganMs = 0;

  const spilled = () => ({
    events: sumOf(servers.map(({ disk }) => disk.written.events)),
    bytes: sumOf(servers.map(({ disk }) => disk.written.bytes)),
  });

  function look() {
    for (const server of servers) if (server.isUp()) waiting.push(server.queuedBytes());
    const events = sumOf(servers.map(({ disk }) => disk.events));
    if (events > 0) backlog = { mostEvents: Math.max(events, backlog.mostEvents), lastMs: clock.monotonicMs() };
    clock.after(lookMs, look);
  }
  function lookAtShards() {
    shards.second();
    clock.after(1_000, lookAtShards);
  }
  clock.after(lookMs, look);
  clock.after(1_000, lookAtShards);

  return {
    taken: taken.add,
    refused: refused.add,
    acknowledged: waits.add,
    begin() {
      for (const part of [taken, refused, waits, shards]) part.clear();
      waiting = [];
      backlog = { mostEvents: 0, lastMs: 0 };
      spilledBefore = spilled();
      beganMs = clock.monotonicMs();
    },
    figures() {
      const all = spilled();
      return {
        seconds: (clock.monotonicMs() - beganMs) / 1_000,
        taken: taken.sums(),
        refused: refused.sums(),
        spilled: { events: all.events - spilledBefore.events, bytes: all.bytes - spilledBefore.bytes },
        acknowledgedMs: { requests: waits.count(), p50: waits.quantile(0.5), p99: waits.quantile(0.99) },
        busiestShard: shards.busiest(),
        waitingBytes: { mean: sumOf(waiting) / Math.max(1, waiting.length), p99: quantile(waiting, 0.99) },
        backlog,
      };
    },
  };
}
