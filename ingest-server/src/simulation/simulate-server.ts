import type { Traffic } from './arrivals.js';
import { simulateFleet } from './simulate-fleet.js';
import { serverDefaults } from './simulated-server.js';

/** One server of a fleet. */
export interface ServerSimulation {
  spread: 'visitor' | 'even';
  /** All shards of the stream, which the server shares with others. */
  shards: number;
  /** The server's own rate. */
  eventsPerSecond: number;
  /** Each number between these is as likely. */
  eventsPerRequest: Traffic['eventsPerRequest'];
  /** An event without its newline. */
  eventBytes: number;
  lingerMs: number;
  /** How many virtual seconds are measured. */
  seconds: number;
  seed: string;
}

/** What the server put into the stream, in the mean. */
export interface ServerFigures {
  eventsPerRecord: number;
  meanRecordBytes: number;
  recordsPerSecond: number;
  /** Of 25 KB. */
  payloadUnitsPerSecond: number;
  /** Each record rounded up to 5 KB. */
  firehoseBilledBytesPerSecond: number;
  acknowledgedMs: { p50: number; p99: number };
}

/** Before this the first records are not yet as the later ones. */
const warmUpMs = 2_000;

/** Runs the real delivery of one server against a stream that takes all, in virtual time. */
export async function simulateServer(options: ServerSimulation): Promise<ServerFigures> {
  const { spread, shards, eventsPerSecond, eventsPerRequest, eventBytes, lingerMs, seed } = options;
  const { taken, seconds, acknowledgedMs } = await simulateFleet({
    servers: 1,
    shards,
    settings: { spread, lingerMs, ...serverDefaults },
    traffic: [{ eventsPerSecond, eventsPerRequest }],
    eventBytes,
    visitors: 10_000,
    zipf: 0,
    connectionMs: 0,
    depthSeconds: 1,
    shardShare: 1,
    lostAnswers: 0,
    warmUpMs,
    measuredMs: options.seconds * 1_000,
    settlingMs: 0,
    incidents: [],
    seed,
  });
  const records = Math.max(1, taken.records);
  return {
    eventsPerRecord: taken.events / records,
    meanRecordBytes: taken.bytes / records,
    recordsPerSecond: taken.records / seconds,
    payloadUnitsPerSecond: taken.payloadUnits / seconds,
    firehoseBilledBytesPerSecond: taken.firehoseBytes / seconds,
    acknowledgedMs: { p50: acknowledgedMs.p50, p99: acknowledgedMs.p99 },
  };
}
