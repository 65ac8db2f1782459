import { expect, test } from '@jest/globals';
import { createRandom } from '@millrace/kit/seeded-random';
import { type Arrival, createArrivals, type Traffic } from '../../src/simulation/arrivals.js';
import { createBalancer } from '../../src/simulation/balancer.js';
import { bursts, dayCurve } from '../../src/simulation/rate-curves.js';
import { createVisitors } from '../../src/simulation/visitors.js';

function arrivalsOf(traffic: Traffic, seconds: number): (Arrival & { ms: number })[] {
  const found: (Arrival & { ms: number })[] = [];
  const arrivals = createArrivals(traffic, createRandom('arrivals'), () => 0);
  for (let ms = 1; ms <= seconds * 1_000; ms++) arrivals.upTo(ms, (arrival) => found.push({ ...arrival, ms }));
  return found;
}
const eventsIn = (found: readonly Arrival[]) => found.reduce((sum, { events }) => sum + events, 0);

test.each([
  ['steady, single events', 100, { least: 1, most: 1 }, undefined],
  ['steady, as browsers send them', 2_000, { least: 1, most: 10 }, undefined],
  ['in bursts', 500, { least: 1, most: 10 }, bursts('seed')],
  ['over a day', 5_000, { least: 40, most: 40 }, dayCurve(100_000)],
])('so many events come as the rate says: %s', (_, eventsPerSecond, eventsPerRequest, curve) => {
  const found = arrivalsOf({ eventsPerSecond, eventsPerRequest, ...(curve === undefined ? {} : { curve }) }, 100);
  expect(eventsIn(found) / 100 / eventsPerSecond).toBeGreaterThan(0.9);
  expect(eventsIn(found) / 100 / eventsPerSecond).toBeLessThan(1.1);
  expect(Math.min(...found.map(({ events }) => events))).toBe(eventsPerRequest.least);
  expect(Math.max(...found.map(({ events }) => events))).toBe(eventsPerRequest.most);
});

test('requests come independently of each other: their number in a second varies as that of a Poisson process', () => {
  const perSecond = new Array<number>(200).fill(0);
  for (const { ms } of arrivalsOf({ eventsPerSecond: 50, eventsPerRequest: { least: 1, most: 1 } }, 200)) {
    perSecond[Math.floor((ms - 1) / 1_000)]! += 1;
  }
  const mean = perSecond.reduce((sum, n) => sum + n, 0) / 200;
  const variance = perSecond.reduce((sum, n) => sum + (n - mean) ** 2, 0) / 200;
  expect(variance / mean).toBeGreaterThan(0.75);
  expect(variance / mean).toBeLessThan(1.3);
});

test.each([
  ['a steady rate that begins late', (ms: number) => (ms < 2_000 ? 0 : 1), 2_000, 10_000],
  ['one that ends early', (ms: number) => (ms < 3_000 ? 1 : 0), 0, 3_000],
  ['the night', dayCurve(10_000), 2_500, 7_500],
])('a curve moves the requests: %s', (_, curve, from, to) => {
  const found = arrivalsOf({ eventsPerSecond: 500, eventsPerRequest: { least: 1, most: 1 }, curve }, 10);
  const inside = found.filter(({ ms }) => ms > from && ms <= to + 1);
  expect(inside.length / found.length).toBeGreaterThan(0.75);
});

test.each([
  [0, 0.001, 0.001],
  [1, 0.1336, 0.0668],
  [0.5, 0.0162, 0.0114],
])('with exponent %d the first of a thousand visitors sends %d of all requests and the second %d', (zipf, a, b) => {
  const { pick } = createVisitors(1_000, zipf, createRandom('zipf'));
  const picked = Array.from({ length: 100_000 }, pick);
  const share = (visitor: number) => picked.filter((one) => one === visitor).length / picked.length;
  expect(share(0)).toBeCloseTo(a, 2);
  expect(share(1)).toBeCloseTo(b, 2);
});

test('a connection stays with its server while that is listed, and connections are spread over all', () => {
  let now = 0;
  const clock = { monotonicMs: () => now };
  const servers = ['a', 'b', 'c', 'd'];
  const balancer = createBalancer({ clock, random: createRandom('balancer'), servers, connectionMs: 60_000 });
  const visitors = Array.from({ length: 400 }, (_, visitor) => visitor);
  const places = () => visitors.map(balancer.serverFor);
  const before = places();
  now = 6_000;
  const after = places();
  // A tenth of the connections ended meanwhile, and three of four go elsewhere then.
  expect(after.filter((server, n) => server !== before[n]).length).toBeLessThan(60);
  for (const server of servers) {
    expect(before.filter((one) => one === server).length).toBeGreaterThan(60);
  }
  balancer.remove('a');
  expect(new Set(places())).toEqual(new Set(['b', 'c', 'd']));
  balancer.add('a');
  expect(places()).toEqual(after);
});
