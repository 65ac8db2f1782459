// A fleet of ingest servers in virtual time, with the real delivery: how full records are from 300 to a million events a second, and bad days.
// The stream, the disks and the network are simulated; a server's CPU is not.
//   npm run build && node bench/fleet.mjs [rates|days] [--spread visitor,even] [--rates 300,1000,...] [--json FILE]
import { days } from './fleet/days.mjs';
import { rates } from './fleet/rates.mjs';
import { openResult, readOptions } from './result.mjs';

const options = readOptions(
  {
    spread: 'visitor,even',
    rates: '300,1000,10000,50000,200000,1000000',
    // Of all spreads; left out, each has its own.
    linger: undefined,
    events: '1-10',
    bytes: '600',
    arrivals: 'poisson',
    visitors: '100000',
    zipf: '0',
    // Seconds that a visitor's connection stays with a server; 0: each request goes to any server.
    connection: '0',
    // Seconds of a shard's limits that its bucket holds.
    depth: '1',
    // About so many events for a figure.
    size: '400000',
    'warm-up': '2',
    peak: 'yes',
    // Of the days: the mean rate that the fleet is sized for, what comes (the mean, or the peak of twice that), for how many seconds something is
    // wrong, and which days.
    rate: '10000',
    load: 'peak',
    trouble: '20',
    only: '',
    seed: '1',
  },
  { positionals: [['part', 'rates']] },
);
const parts = {
  rates: ['A simulated fleet: full records and their cost, by rate', rates],
  days: ['A simulated fleet: bad days', days],
};
const [title, run] = parts[options.part];
const result = openResult(title, options.json);
await run(options, result);
result.done();
