import { setTimeout as sleep } from 'node:timers/promises';
import { median, midmean, quantile } from '../../statistics.mjs';

const inTask = 10;
const pauseMs = 20;

/**
 * In the page: `count` calls of track(), each beside a bare localStorage.setItem of about the bytes of a stored event under a key of its own.
 * Which of the two goes first alternates from pair to pair and from task to task. A burst is 10 pairs a task. A single call, as a click makes
 * it, is a task of its own (`inTask` 1): right after another write a bare write is cheaper, because the browser's process that takes both is
 * awake. Gives the durations of both in ms, with their microtasks: there are trackers that do their work there.
 */
async function pairs(page, count, from, perTask = inTask) {
  return page.evaluate(
    async ([count, from, inTask, pauseMs]) => {
      const envelope = 'x'.repeat(220);
      const durations = { track: [], bare: [] };
      const rest = () => new Promise((resolve) => setTimeout(resolve, pauseMs));
      const time = async (kind, act) => {
        if (inTask === 1) await rest();
        const began = performance.now();
        try {
          act();
        } catch {
          window.benchThrown++;
        }
        await window.benchMicrotasks();
        durations[kind].push(performance.now() - began);
      };
      for (let n = from; n < from + count; n += inTask) {
        await rest();
        for (let k = n; k < n + inTask; k++) {
          const properties = window.benchProperties(k);
          const bytes = JSON.stringify(properties) + envelope;
          const track = () => time('track', () => window.bench.track(properties));
          const bare = () => time('bare', () => localStorage.setItem(`bare.${k}`, bytes));
          if ((inTask === 1 ? k : n / inTask + k) % 2) {
            await track();
            await bare();
          } else {
            await bare();
            await track();
          }
        }
        for (let k = n; k < n + inTask; k++) localStorage.removeItem(`bare.${k}`);
      }
      return durations;
    },
    [count, from, perTask, pauseMs],
  );
}

/** p50 as a mean of the middle half: the timer ticks in 5 µs, which is half of what a bare write takes. */
const quantiles = {
  p50: midmean,
  p95: (durations) => quantile(durations, 0.95),
  p99: (durations) => quantile(durations, 0.99),
};

/** The quantiles of track() in µs and as multiples of the bare write's, from rounds of `pairs`: of each the median over the rounds. */
function compare(rounds) {
  const of = (pick) =>
    Object.fromEntries(
      Object.entries(quantiles).map(([name, at]) => [name, median(rounds.map((round) => pick(round, at)))]),
    );
  return {
    syncMicros: of(({ track }, at) => at(track) * 1_000),
    bareMicros: of(({ bare }, at) => at(bare) * 1_000),
    ratio: of(({ track, bare }, at) => at(track) / Math.max(at(bare), 0.005)),
  };
}

/** In the page: whether each of a few events is in the browser's storage before the task of its track() ends, so in Web Storage. */
const storedInTask = (page, from, count) =>
  page.evaluate(
    async ([from, count]) => {
      let stored = 0;
      for (let n = from; n < from + count; n++) {
        const properties = window.benchProperties(n);
        try {
          window.bench.track(properties);
        } catch {
          window.benchThrown++;
        }
        await window.benchMicrotasks();
        const texts = [localStorage, sessionStorage].flatMap((storage) => Object.values(storage));
        // As it is, or in Base64 inside it.
        const plain = (text) =>
          text.replace(/[\w+/-]{40,}/g, (run) => {
            try {
              return run + atob(run.replaceAll('-', '+').replaceAll('_', '/'));
            } catch {
              return run;
            }
          });
        if (texts.some((text) => plain(text).includes(properties.marker))) stored++;
      }
      return stored === count;
    },
    [from, count],
  );

/** Task time as time on the processor, so that what else runs on the machine does not count. */
const cpuTime = { timeDomain: 'threadTicks' };

/** The main thread's task time in ms, from now until `act` and what follows from it is over. */
async function taskTime(session, act, restMs) {
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value * 1_000;
  };
  const before = await read();
  await act();
  await sleep(restMs);
  return (await read()) - before;
}

/** Tracks `count` events, 10 a task. */
const spread = (page, count, from, every = inTask) =>
  page.evaluate(
    async ([count, from, every, pauseMs]) => {
      for (let n = from; n < from + count; n += every) {
        window.benchTrack(every, n);
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
    },
    [count, from, every, pauseMs],
  );

const rounds = 3;
const perRound = 500;
const singlesPerRound = 150;

/** track() beside a bare write, and the task time of what follows from it; server up. */
export const cost = {
  id: 'cost',
  title: 'cost of track() in the page',
  limitMs: 180_000,
  alone: true,
  async play({ visit, collector, visitor }) {
    const page = await visit('/isolated');
    await sleep(1_500);
    const session = await visitor.context.newCDPSession(page);
    await session.send('Performance.enable', cpuTime);
    let from = 0;
    // Once to warm up: what is measured is a page that has been used for a moment.
    await pairs(page, 200, from);
    from += 200;
    const stored = await storedInTask(page, from, 5);
    from += 5;
    await sleep(2_000);
    const measured = [];
    const singles = [];
    const tasks = [];
    for (let round = 0; round < rounds; round++) {
      singles.push(await pairs(page, singlesPerRound, from, 1));
      from += singlesPerRound;
      measured.push(await pairs(page, perRound, from));
      from += perRound;
      await sleep(2_500);
      tasks.push(await taskTime(session, () => spread(page, perRound, from), 4_000));
      from += perRound;
    }
    const single = compare(singles);
    return { ...collector.summary(from), ...compare(measured), single, stored, taskMs: median(tasks) / perRound };
  },
};

const deep = 5_000;

/** The same with 5,000 events tracked and none taken yet: the server says 503. Then it recovers, and what was kept arrives. */
export const costQueued = {
  id: 'cost-queued',
  title: 'cost of track() with 5,000 tracked while the server is at 503',
  limitMs: 240_000,
  alone: true,
  async play({ visit, collector, visitor, settle }) {
    const page = await visit('/isolated');
    collector.setMode('503');
    let tracked = 0;
    const fillBy = Date.now() + 30_000;
    while (tracked < deep && Date.now() < fillBy) {
      await spread(page, 100, tracked, 50);
      tracked += 100;
    }
    const filled = tracked;
    await sleep(2_000);
    const measured = [];
    for (let round = 0; round < rounds; round++) {
      measured.push(await pairs(page, 60, tracked));
      tracked += 60;
      await sleep(500);
    }
    const stored = await storedInTask(page, tracked, 5);
    tracked += 5;
    const session = await visitor.context.newCDPSession(page);
    await session.send('Performance.enable', cpuTime);
    const tasks = await taskTime(session, () => spread(page, 100, tracked), 3_000);
    tracked += 100;
    collector.setMode('ok');
    return { ...(await settle(tracked, 30_000, 0)), filled, ...compare(measured), stored, taskMs: tasks / 100 };
  },
};

/** The longest task of a page on a processor six times slower: while the tracker loads, and while it takes a click each 20 ms. */
export const throttled = {
  id: 'throttled',
  title: 'longest task at 6 × CPU throttling',
  limitMs: 120_000,
  alone: true,
  repeats: 3,
  medians: ['longestLoadMs', 'longestTrackMs'],
  async play({ visitor, site, track, collector }) {
    const page = await visitor.context.newPage();
    const session = await visitor.context.newCDPSession(page);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 6 });
    await page.goto(`${site.origin}/page`, { waitUntil: 'load' });
    // Ready or not: a tracker that waits for something waits for it on the slow processor too.
    await page
      .waitForFunction(() => window.bench?.ready(), undefined, { polling: 200, timeout: 30_000 })
      .catch(() => {});
    await sleep(4_000);
    const longTasks = () => page.evaluate(() => window.benchLongTasks.map(({ duration }) => duration));
    const loading = await longTasks();
    await track(page, 1, 0);
    await spread(page, 200, 1, 1);
    await sleep(6_000);
    const tracking = (await longTasks()).slice(loading.length);
    return {
      ...collector.summary(201),
      longestLoadMs: Math.max(0, ...loading),
      longestTrackMs: Math.max(0, ...tracking),
      longTasks: tracking.length,
    };
  },
};
