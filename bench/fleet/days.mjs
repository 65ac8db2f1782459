// Days on which something goes wrong: is anything lost, and when is the backlog gone?
import { badDays, simulateFleet } from '../../ingest-server/dist/src/simulation/index.js';
import { round } from '../statistics.mjs';
import { eventsOf, fleetOptions, timed } from './settings.mjs';
import { fleetFor } from './sizes.mjs';

/** The spools may take so many times as long as the trouble. */
const settling = 20;

const share = (part, whole) => `${round((100 * part) / Math.max(1, whole), 2)} %`;

function goneAfter({ mostEvents, lastMs }, overMs, settlingMs) {
  if (mostEvents === 0) return 'none';
  return lastMs - overMs > settlingMs ? 'not gone' : `${round(Math.max(0, lastMs - overMs) / 1_000, 1)} s`;
}

async function oneDay({ figure, say }, what, { options: run, overMs }) {
  const { taken, refused, spilled, acknowledgedMs, backlog, audit, cameAgain, cpuSeconds } = await timed(() =>
    simulateFleet(run),
  );
  const events = audit.acknowledged.toLocaleString('en');
  say(`${what}: ${events} events acknowledged, ${cameAgain} requests came again, ${round(cpuSeconds, 1)} s of CPU`);
  const { lost, outOfOrder, inSpools, repeated } = audit;
  figure(`${what}: events lost / out of order`, `${lost} / ${outOfOrder}`, '0 / 0', lost + outOfOrder === 0);
  figure(
    `${what}: spilled / refused / repeated / left in spools`,
    `${share(spilled.events, taken.events)} / ${share(refused.records, taken.records)} / ${repeated} / ${inSpools}`,
  );
  figure(`${what}: backlog gone after`, goneAfter(backlog, overMs, run.settlingMs));
  figure(`${what}: acknowledgement p50 / p99, ms`, `${acknowledgedMs.p50} / ${acknowledgedMs.p99}`);
}

/** All days, or those that `--only` names, for each spread. */
export async function days(options, result) {
  const fleet = fleetFor(Number(options.rate), eventsOf(options));
  const { servers, shards } = fleet;
  const troubleMs = Number(options.trouble) * 1_000;
  const eventsPerSecond = fleet.eventsPerSecond * (options.load === 'peak' ? 2 : 1);
  const rate = `${eventsPerSecond.toLocaleString('en')} events/s`;
  result.figure('simulated', `${servers} servers × ${shards} shards, ${rate}, each trouble ${options.trouble} s`);
  for (const spread of options.spread.split(',')) {
    const common = fleetOptions(options, { spread, servers, shards, eventsPerSecond, measuredMs: 3 * troubleMs });
    for (const day of badDays({ fleet: common, troubleMs, settlingMs: settling * troubleMs })) {
      if (day.name.includes(options.only)) await oneDay(result, `${spread}, ${day.name}`, day);
    }
  }
}
