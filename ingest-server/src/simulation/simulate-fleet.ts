import { createRandom } from '@millrace/kit/seeded-random';
import { evenRanges } from '../core/delivery/hash-ranges.js';
import { type Arrival, createArrivals, type Traffic } from './arrivals.js';
import { type AuditResult, createAudit } from './audit.js';
import { type Balancer, createBalancer } from './balancer.js';
import { createFleetMeter, type FleetFigures, type FleetMeter } from './fleet-meter.js';
import { parcelOf } from './parcel.js';
import { createSimulatedServer, type ServerSettings, type SimulatedServer } from './simulated-server.js';
import { createSimulatedStream, type SimulatedStream } from './simulated-stream.js';
import { createVirtualClock, type VirtualClock } from './virtual-clock.js';
import { createVisitors } from './visitors.js';

/** Something that happens to a fleet. */
export interface Incident {
  atMs: number;
  happens(fleet: Fleet): void | Promise<void>;
}

/** A fleet under simulation, for its incidents. */
export interface Fleet {
  readonly clock: VirtualClock;
  readonly servers: readonly SimulatedServer[];
  readonly stream: SimulatedStream;
  readonly balancer: Balancer<SimulatedServer>;
}

/** A fleet, what comes to it, and for how long. */
export interface FleetOptions {
  servers: number;
  shards: number;
  settings: ServerSettings;
  /** Streams of requests that come at the same time. */
  traffic: readonly Traffic[];
  /** An event without its newline. */
  eventBytes: number;
  /** How many visitors there are, and how unequal: see `createVisitors`. */
  visitors: number;
  zipf: number;
  /** For how long a visitor's connection stays with one server; 0: each request goes to any server. */
  connectionMs: number;
  /** See `createSimulatedStream`. */
  depthSeconds: number;
  lostAnswers: number;
  /** Each shard's share that these servers have, where they are a slice of a larger fleet; 1 for all. */
  shardShare: number;
  /** What happens before is not measured. */
  warmUpMs: number;
  /** What is measured. */
  measuredMs: number;
  /** How long traffic may go on until the spools are empty; then as long as the fleet may take for what is left. */
  settlingMs: number;
  incidents: readonly Incident[];
  seed: string;
}

/** What a simulated fleet did. */
export interface FleetResult extends FleetFigures {
  audit: AuditResult;
  /** Requests that a server refused or that met a dead server: they came again. */
  cameAgain: number;
}

/** A tracker sends a request again after this time, and up to as much more. */
const comesAgainMs = 2_000;

/** Runs a fleet of real deliveries in virtual time. The same options give the same result. */
export async function simulateFleet(options: FleetOptions): Promise<FleetResult> {
  const { seed, warmUpMs, measuredMs, settlingMs } = options;
  const clock = createVirtualClock();
  const random = createRandom(`fleet ${seed}`);
  const visitors = createVisitors(options.visitors, options.zipf, random);
  const audit = createAudit();
  let meter: FleetMeter | undefined;
  let cameAgain = 0;

  const stream = createSimulatedStream({
    clock,
    random: createRandom(`stream ${seed}`),
    shards: options.shards,
    depthSeconds: options.depthSeconds,
    shardShare: options.shardShare,
    lostAnswers: options.lostAnswers,
    refused: (record) => meter?.refused(record),
    taken(record) {
      meter?.taken(record);
      for (const data of record.chunks) {
        const parcel = parcelOf(data);
        if (parcel !== undefined) audit.taken(parcel);
      }
    },
  });
  const ranges = evenRanges(options.shards);
  const servers = Array.from({ length: options.servers }, (_, index) =>
    createSimulatedServer({
      index,
      clock,
      sink: stream.sink,
      ranges,
      settings: options.settings,
      seed,
      lineBytes: options.eventBytes + 1,
      hashOf: visitors.hashOf,
      acknowledged(parcels, tookMs) {
        meter?.acknowledged(tookMs);
        for (const parcel of parcels) audit.acknowledged(parcel);
      },
      refused(arrival) {
        cameAgain += 1;
        clock.after(comesAgainMs * (1 + random.unit()), () => send(arrival));
      },
    }),
  );
  const balancer = createBalancer({ clock, random, servers, connectionMs: options.connectionMs });
  const send = (arrival: Arrival) => balancer.serverFor(arrival.visitor).send(arrival);

  const endMs = warmUpMs + measuredMs;
  let isComing = true;
  const arrivals = options.traffic.map((traffic) => createArrivals(traffic, random, visitors.pick));
  function arrive() {
    const now = clock.monotonicMs();
    for (const each of arrivals) each.upTo(now, send);
    if (isComing) clock.after(1, arrive);
  }
  arrive();
  meter = createFleetMeter({ clock, stream, servers });
  let incidentsLeft = options.incidents.length;
  for (const { atMs, happens } of options.incidents) {
    clock.after(atMs, async () => {
      await happens({ clock, servers, stream, balancer });
      incidentsLeft -= 1;
    });
  }

  /** Goes on while some server does, but no longer than the settling may take. */
  async function runWhile(isSo: (server: SimulatedServer) => boolean) {
    const untilMs = clock.monotonicMs() + settlingMs;
    const isOn = () => incidentsLeft > 0 || servers.some((server) => server.isUp() && isSo(server));
    // To look at each millisecond would cost more than the rest.
    while (clock.monotonicMs() < untilMs && isOn()) await clock.runTo(clock.monotonicMs() + 100);
  }

  await clock.runTo(warmUpMs);
  meter.begin();
  await clock.runTo(endMs);
  const figures = meter.figures();
  await runWhile(({ disk }) => disk.events > 0);
  const { backlog } = meter.figures();
  isComing = false;
  await runWhile((server) => server.disk.events > 0 || server.queuedBytes() > 0);
  const spooled = servers.flatMap(({ disk }) => [...disk.parcels()]);
  return { ...figures, backlog, audit: audit.result(spooled), cameAgain };
}
