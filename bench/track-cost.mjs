// What track() costs a page, as ratios to a bare localStorage.setItem of the same bytes, in turn, in the same run; with nothing and with 5,000 events
// queued; and the longest task under six times CPU throttling.
// usage: node bench/track-cost.mjs [PAIRS]

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from '@millrace/testing/find-browser';

const pairs = Number(process.argv[2] ?? 2000);
const script = readFileSync(fileURLToPath(new URL('../sdk/dist/millrace.js', import.meta.url)));

/** Answers 503 until it is told otherwise. */
let status = 503;
const server = createServer((request, response) => {
  const path = request.url.split('?')[0];
  // Isolated pages get timers of 5 microseconds.
  const isolated = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  if (path === '/millrace.js') response.writeHead(200, { ...isolated, 'content-type': 'text/javascript' }).end(script);
  else if (path === '/v1/events') {
    request
      .resume()
      .on('end', () => response.writeHead(status, { 'retry-after': '600' }).end(JSON.stringify({ time: Date.now() })));
  } else {
    const html =
      '<!doctype html><title>cost</title><script src="/millrace.js" data-key="demo" data-auto="off"></script><body>';
    response.writeHead(200, { ...isolated, 'content-type': 'text/html' }).end(html);
  }
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const origin = `http://127.0.0.1:${server.address().port}`;

/**
 * In the page: pairs of a call of track() and a bare write, the order of the two alternating. `inTask` 1: each of them is a task of its own, as a click
 * is. 10: ten pairs in one task, a burst; there the bare write mostly comes right after another write, when the browser's process that takes
 * both is awake, and is cheaper for it.
 */
async function measure([count, inTask]) {
  const properties = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`property_${n}`, `value ${n}`]));
  const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  // What track() stores, for the bare write: a name and a text as long as its.
  window.millrace.track('liked_item', { properties });
  const stored = Object.keys(localStorage).find((key) => localStorage.getItem(key).includes('property_9'));
  const text = localStorage.getItem(stored);
  const times = { track: [], setItem: [] };
  const nameOf = (n) => String(n).padStart(stored.length, '0');
  for (let n = 0; n < count; ) {
    const from = n;
    for (let m = 0; m < inTask; m++, n++) {
      const name = nameOf(n);
      const turns = [
        ['track', () => window.millrace.track('liked_item', { properties })],
        ['setItem', () => localStorage.setItem(name, text)],
      ];
      // Who goes first alternates from pair to pair and from task to task: in a burst the first write wakes the process that takes it.
      if ((from / inTask + m) % 2) turns.reverse();
      for (const [what, work] of turns) {
        if (inTask === 1) await rest(8);
        const start = performance.now();
        work();
        times[what].push((performance.now() - start) * 1000);
      }
    }
    for (let m = from; m < n; m++) localStorage.removeItem(nameOf(m));
    await rest(20);
  }
  const at = (list, part) => list.toSorted((a, b) => a - b)[Math.floor(list.length * part)];
  // The mean of the middle half: the timer ticks in 5 microseconds, half of what a bare write can take.
  const middle = (list) => {
    const half = list.toSorted((a, b) => a - b).slice(list.length / 4, (list.length * 3) / 4);
    return half.reduce((sum, time) => sum + time, 0) / half.length;
  };
  const figures = (list) => ({ p50: middle(list), p95: at(list, 0.95), p99: at(list, 0.99) });
  return { bytes: stored.length + text.length, track: figures(times.track), setItem: figures(times.setItem) };
}

const browser = await launchBrowser();
const round = (value) => Math.round(value * 100) / 100;
function say(title, { bytes, track, setItem }) {
  console.log(`${title} (${bytes} characters an event, ${pairs} pairs)`);
  for (const part of ['p50', 'p95', 'p99']) {
    console.log(
      `  ${part}: track ${round(track[part])} µs, setItem ${round(setItem[part])} µs, ratio ${round(track[part] / setItem[part])}`,
    );
  }
}
async function open() {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(origin);
  return { context, page };
}

{
  status = 200;
  const { context, page } = await open();
  say('track() with an empty queue, a task each', await page.evaluate(measure, [pairs, 1]));
  say('track() with an empty queue, ten in a task', await page.evaluate(measure, [pairs, 10]));
  await context.close();
}
{
  status = 503;
  const { context, page } = await open();
  await page.evaluate(async () => {
    for (let n = 0; n < 5000; n++) {
      window.millrace.track('liked_item', { properties: { n } });
      if (n % 100 === 99) await new Promise((resolve) => setTimeout(resolve, 10));
    }
  });
  say('track() with 5,000 events queued, a task each', await page.evaluate(measure, [pairs, 1]));
  await context.close();
}
{
  status = 200;
  const { context, page } = await open();
  const session = await context.newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate: 6 });
  const longest = await page.evaluate(async () => {
    const tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
      type: 'longtask',
    });
    for (let n = 0; n < 600; n++) {
      window.millrace.track('liked_item', { properties: { n, list: 'summer', position: n % 20 } });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await window.millrace.flush();
    await new Promise((resolve) => setTimeout(resolve, 500));
    return { count: tasks.length, most: Math.max(0, ...tasks) };
  });
  console.log(
    `under 6 × CPU throttling, 600 events: ${longest.count} tasks over 50 ms, the longest ${longest.most} ms`,
  );
  await context.close();
}
await browser.close();
server.close();
server.closeAllConnections();
