// What each simulated fleet has in common, out of the options of the bench.
import { bursts, dayCurve, serverDefaults, steady } from '../../ingest-server/dist/src/simulation/index.js';

/** Its own linger for each spread, as the template sets it. */
const lingers = { visitor: 500, even: 250 };

/** `1-10` or `1`. */
function sizesOf(text) {
  const [least, most = least] = text.split('-').map(Number);
  return { least, most };
}

/** What `millrace plan` must know of the events. */
export function eventsOf({ bytes, events }) {
  const { least, most } = sizesOf(events);
  return { eventBytes: Number(bytes), eventsPerRequest: (least + most) / 2 };
}

const curves = {
  poisson: () => steady,
  bursts: ({ seed }) => bursts(seed),
  day: (_, measuredMs) => dayCurve(measuredMs),
};

/** Options for `simulateFleet`. */
export function fleetOptions(options, { spread, servers, shards, eventsPerSecond, measuredMs }) {
  const curve = curves[options.arrivals]?.(options, measuredMs);
  if (curve === undefined) throw new Error(`--arrivals must be one of ${Object.keys(curves).join(', ')}`);
  return {
    servers,
    shards,
    settings: { ...serverDefaults, spread, lingerMs: Number(options.linger ?? lingers[spread]) },
    traffic: [{ eventsPerSecond, eventsPerRequest: sizesOf(options.events), curve }],
    eventBytes: Number(options.bytes),
    visitors: Number(options.visitors),
    zipf: Number(options.zipf),
    connectionMs: Number(options.connection) * 1_000,
    depthSeconds: Number(options.depth),
    lostAnswers: 0,
    shardShare: 1,
    warmUpMs: Number(options['warm-up']) * 1_000,
    measuredMs,
    settlingMs: 0,
    incidents: [],
    seed: options.seed,
  };
}

/** Runs some work and tells how many seconds of a core it took. */
export async function timed(work) {
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return { ...result, cpuSeconds: (user + system) / 1e6 };
}
