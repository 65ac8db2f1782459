// How full records are and what they cost at each rate; and whether the shards hold at the peak.
import { simulateFleet } from '../../ingest-server/dist/src/simulation/index.js';
import { round } from '../statistics.mjs';
import { eventsOf, fleetOptions, timed } from './settings.mjs';
import { billOf, fleetFor } from './sizes.mjs';

/** About so many events are simulated, in 4 to 120 virtual seconds. */
const secondsFor = (eventsPerSecond, events) => Math.min(120, Math.max(4, Math.round(events / eventsPerSecond)));

/** A large fleet's mean rate is simulated by some of its servers, each with its share of every shard. */
const mostServers = 40;

/** Above this rate `visitor` is not the way to take, and a lane for each server and shard takes long to simulate. */
const mostByVisitor = 50_000;

const kB = (bytes) => round(bytes / 1_000, 1);
const percent = (part, whole) => round((100 * part) / Math.max(1, whole), 3);
const dollars = (amount) => `$${Math.round(amount).toLocaleString('en')}`;

/** What records and shards should keep to, at this mean rate. */
function limitsFor(spread, { eventsPerSecond, singleEvents }) {
  if (spread === 'visitor') return { overFull: eventsPerSecond <= 10_000 ? 1.02 : undefined };
  const isBusy = eventsPerSecond >= 1_000;
  return {
    recordKB: singleEvents ? undefined : isBusy ? 22.5 : 19,
    firehose: isBusy ? 1.05 : undefined,
    overFull: singleEvents ? 1.05 : 1.02,
    refusedPercent: 0.2,
    minute: 1.15,
    p50: isBusy ? 80 : undefined,
    p99: isBusy ? 170 : undefined,
  };
}

/** Writes the figures of one spread and rate. */
function reporter({ figure, say }, name) {
  return {
    plain: (what, value) => figure(`${name}: ${what}`, value),
    atMost: (what, value, limit, unit = '') =>
      figure(
        `${name}: ${what}`,
        `${value}${unit}`,
        limit === undefined ? undefined : `<= ${limit}${unit}`,
        !(value > limit),
      ),
    atLeast: (what, value, limit) =>
      figure(`${name}: ${what}`, value, limit === undefined ? undefined : `>= ${limit}`, !(value < limit)),
    // Not the CPU time: the figures of a seed are the same on each machine.
    ran({ servers, shards, measuredMs }, of, cpuSeconds) {
      figure(`${name}: simulated`, `${servers} of ${of} servers × ${shards} shards, ${measuredMs / 1_000} s`);
      say(`      in ${round(cpuSeconds, 1)} s of CPU`);
    },
  };
}

async function atTheMean(options, spread, fleet, limits, { plain, atMost, atLeast, ran }) {
  const servers = Math.min(fleet.servers, mostServers);
  const eventsPerSecond = (fleet.eventsPerSecond * servers) / fleet.servers;
  const measuredMs = 1_000 * secondsFor(eventsPerSecond, Number(options.size));
  const run = fleetOptions(options, { spread, servers, shards: fleet.shards, eventsPerSecond, measuredMs });
  const { taken, acknowledgedMs, waitingBytes, cpuSeconds } = await timed(() =>
    simulateFleet({ ...run, shardShare: servers / fleet.servers }),
  );
  ran(run, fleet.servers, cpuSeconds);
  const bill = billOf(fleet, taken);
  plain('events in a record', round(taken.events / taken.records, 1));
  atLeast('mean record, kB', kB(taken.bytes / taken.records), limits.recordKB);
  plain('PUT units over actual bytes', round((taken.payloadUnits * 25_000) / taken.bytes, 2));
  atMost('Firehose billed over actual bytes', round(taken.firehoseBytes / taken.bytes, 3), limits.firehose);
  plain(
    'a month, Kinesis + Firehose = total',
    `${dollars(bill.kinesis)} + ${dollars(bill.firehose)} = ${dollars(bill.total)}`,
  );
  atMost('total over that of full records', round(bill.overFull, 3), limits.overFull);
  atMost('acknowledgement p50', acknowledgedMs.p50, limits.p50, ' ms');
  atMost('acknowledgement p99', acknowledgedMs.p99, limits.p99, ' ms');
  plain('memory waiting in a server, mean / p99, kB', `${kB(waitingBytes.mean)} / ${kB(waitingBytes.p99)}`);
}

async function atThePeak(options, spread, { eventsPerSecond, servers, shards }, limits, { plain, atMost, ran }) {
  const peak = 2 * eventsPerSecond;
  const seconds = Math.min(60, secondsFor(peak, 6 * Number(options.size)));
  const run = fleetOptions(options, { spread, servers, shards, eventsPerSecond: peak, measuredMs: seconds * 1_000 });
  const { taken, refused, spilled, busiestShard, acknowledgedMs, cpuSeconds } = await timed(() => simulateFleet(run));
  ran(run, servers, cpuSeconds);
  atMost('refused records', percent(refused.records, taken.records), limits.refusedPercent, ' %');
  atMost('spilled events', percent(spilled.events, taken.events), 0, ' %');
  plain('busiest shard over the mean, in 99 of 100 seconds', round(busiestShard.second, 2));
  // In a shorter time chance alone makes some shard busier.
  const isMinute = seconds === 60;
  const span = isMinute ? 'in a minute' : `in ${seconds} s`;
  atMost(`busiest shard over the mean, ${span}`, round(busiestShard.minute, 2), isMinute ? limits.minute : undefined);
  plain('acknowledgement p50 / p99, ms', `${acknowledgedMs.p50} / ${acknowledgedMs.p99}`);
}

/** All rates, for each spread. */
export async function rates(options, result) {
  for (const spread of options.spread.split(',')) {
    for (const eventsPerSecond of options.rates.split(',').map(Number)) {
      const fleet = fleetFor(eventsPerSecond, eventsOf(options));
      const limits = limitsFor(spread, { eventsPerSecond, singleEvents: options.events === '1' });
      const name = `${spread}, ${eventsPerSecond.toLocaleString('en')}/s`;
      await atTheMean(options, spread, fleet, limits, reporter(result, name));
      const hasPeak = spread === 'even' || eventsPerSecond <= mostByVisitor;
      if (options.peak === 'yes' && hasPeak)
        await atThePeak(options, spread, fleet, limits, reporter(result, `${name}, peak`));
    }
  }
}
