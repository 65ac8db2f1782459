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
/** All trackers come back within this time. */
const comingBackMs = 10_000;
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

/** The days of this fleet, each begun by its warm-up and as much quiet time as trouble. */
export function badDays({ fleet, troubleMs, settlingMs }: BadDaysOptions): BadDay[] {
  const beginMs = fleet.warmUpMs + troubleMs;
  const endMs = beginMs + troubleMs;
  const usual = fleet.traffic[0]!;
  const at = (atMs: number, happens: Incident['happens']) => ({ atMs, happens });

  function day(name: string, incidents: readonly Incident[], traffic: readonly Traffic[] = fleet.traffic): BadDay {
    const options = { ...fleet, traffic, incidents, measuredMs: 3 * troubleMs, settlingMs };
    return { name, overMs: endMs, options };
  }
  /** Adds up to `most` times the usual traffic within the trouble's time. */
  const rise = (most: number): Traffic => ({
    ...usual,
    curve: (ms) =>
      ms < beginMs || ms > endMs + troubleMs / 2 ? 0 : Math.min(most, ((ms - beginMs) / troubleMs) * most),
  });
  const kept = (usual.eventsPerSecond * troubleMs) / 1_000;
  const comesBack: Traffic = {
    eventsPerSecond: (kept * 1_000) / comingBackMs,
    eventsPerRequest: fullRequest,
    curve: (ms) => (ms >= endMs && ms < endMs + comingBackMs ? 1 : 0),
  };
  const silent: Traffic = { ...usual, curve: (ms) => (ms >= beginMs && ms < endMs ? 0 : 1) };

  const outage = [at(beginMs, ({ stream }) => stream.setOut(true)), at(endMs, ({ stream }) => stream.setOut(false))];

  return [
    day('a zone is gone', [at(beginMs, zoneGoes)]),
    day('a tenth of the shards takes a tenth', [
      at(beginMs, (all) => slowTenth(all, 0.1)),
      at(endMs, (all) => slowTenth(all, 1)),
    ]),
    day('no Kinesis', outage),
    day('all trackers come back at once', [], [silent, comesBack]),
    day('a deploy', [at(beginMs, deploy)]),
    day('a deploy, and no Kinesis', [...outage, at(beginMs + troubleMs / 4, deploy)]),
    day('twice the traffic', [], [usual, rise(1)]),
  ];
}
