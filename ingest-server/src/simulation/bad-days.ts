import type { Traffic } from './arrivals.js';
import type { Fleet, FleetOptions, Incident } from './simulate-fleet.js';

/** A day on which something goes wrong. */
export interface BadDay {
  name: string;
  /** When the trouble is over, and the backlog can go. */
  overMs: number;
  options: FleetOptions;
}

/** The fleet, and how long each trouble lasts. */
export interface BadDaysOptions {
  /** Its one traffic is that before the trouble. */
  fleet: Omit<FleetOptions, 'incidents' | 'measuredMs' | 'settlingMs'>;
  troubleMs: number;
  settlingMs: number;
}

/** A balancer drops a server after three health checks without an answer, 10 s apart, as in the template. */
const noticedAfterMs = 30_000;
/** From the end of a server's process until the next one takes requests. */
const restartMs = 5_000;
/** All trackers come back within this share of the time for which they were away. */
const comingBackShare = 1 / 6;
/** What a tracker sends at once when it has more. */
const fullRequest = { least: 40, most: 40 };

function zoneGoes(fleet: Fleet) {
  for (const server of fleet.servers.slice(0, Math.ceil(fleet.servers.length / 3))) {
    server.kill();
    fleet.clock.after(noticedAfterMs, () => fleet.balancer.remove(server));
  }
}

/** The tenth lies together, so that with a lane for each shard a tenth of the visitors has it. */
function slowTenth({ stream: { shards } }: Fleet, share: number) {
  for (const shard of shards.slice(0, Math.ceil(shards.length / 10))) shard.slowTo(share);
}

async function deploy({ servers, balancer, clock }: Fleet) {
  for (const server of servers) {
    balancer.remove(server);
    await server.close();
    await clock.sleep(restartMs);
    server.start();
    balancer.add(server);
  }
}

/**
 * The days of this fleet. Before the trouble comes as long a quiet time, and after it another; then the same traffic
 * goes on until the spools are empty.
 */
export function badDays({ fleet, troubleMs, settlingMs }: BadDaysOptions): BadDay[] {
  const beginMs = fleet.warmUpMs + troubleMs;
  const endMs = beginMs + troubleMs;
  const usual = fleet.traffic[0]!;
  const at = (atMs: number, happens: Incident['happens']) => ({ atMs, happens });

  function day(name: string, incidents: readonly Incident[], traffic = fleet.traffic, overMs = endMs): BadDay {
    const measuredMs = overMs + troubleMs - fleet.warmUpMs;
    return { name, overMs, options: { ...fleet, traffic, incidents, measuredMs, settlingMs } };
  }
  const outage = [at(beginMs, ({ stream }) => stream.setOut(true)), at(endMs, ({ stream }) => stream.setOut(false))];
  const slow = [at(beginMs, (all) => slowTenth(all, 0.1)), at(endMs, (all) => slowTenth(all, 1))];

  const backMs = endMs + troubleMs * comingBackShare;
  const silent: Traffic = { ...usual, curve: (ms) => (ms >= beginMs && ms < endMs ? 0 : 1) };
  const comesBack: Traffic = {
    eventsPerSecond: usual.eventsPerSecond / comingBackShare,
    eventsPerRequest: fullRequest,
    curve: (ms) => (ms >= endMs && ms < backMs ? 1 : 0),
  };
  // Up within the trouble's time, and on for as long again.
  const riseEndMs = endMs + troubleMs;
  const rise: Traffic = {
    ...usual,
    curve: (ms) => (ms >= riseEndMs ? 0 : Math.min(1, Math.max(0, (ms - beginMs) / troubleMs))),
  };

  return [
    day('a zone is gone', [at(beginMs, zoneGoes)]),
    day('a tenth of the shards takes a tenth', slow),
    day('no Kinesis', outage),
    day('all trackers come back at once', [], [silent, comesBack], backMs),
    day('a deploy', [at(beginMs, deploy)]),
    day('a deploy, and no Kinesis', [...outage, at(beginMs + troubleMs / 4, deploy)]),
    day('twice the traffic', [], [usual, rise], riseEndMs),
  ];
}
