import { setTimeout as sleep } from 'node:timers/promises';
import { createVisitor } from './browser.mjs';
import { startCollector } from './collector.mjs';
import { startSite } from './site.mjs';

let runs = 0;

/** What an SDK may still do after it is ready before it is looked at: its page view, its configuration. */
const calmMs = 500;

/** RudderStack takes over what a page left behind, and may send it again, ten seconds after the next page has come. */
const copiesMs = 15_000;

/** Waits until the tracker says that it is ready; gives false for one that does not, which is then used as it is, as a page would. */
const ready = (page, patienceMs) =>
  page
    .waitForFunction(() => window.bench?.ready(), undefined, { polling: 50, timeout: patienceMs })
    .then(
      () => true,
      () => false,
    );

/**
 * The stage of one scenario with one tracker: a collector, a site, a visitor with a fresh profile, all of its own. Gives `play` what it
 * needs and takes everything down, also when `play` did not come to its end within `limitMs`.
 */
export async function onStage(peer, bundle, limitMs, play) {
  const run = `${process.pid.toString(36)}${(runs++).toString(36)}`;
  const collector = await startCollector(peer, run);
  const site = await startSite(bundle, collector, run);
  const visitor = await createVisitor();

  const stage = { run, collector, site, visitor, caught: 0, neverReady: false };
  /** Opens a page with the tracker in it and waits until the tracker is ready. */
  stage.visit = async (path = '/page', page = undefined) => {
    const tab = page ?? (await visitor.context.newPage());
    await tab.goto(site.origin + path, { waitUntil: 'load' });
    if (!(await ready(tab, 15_000))) stage.neverReady = true;
    await sleep(calmMs);
    return tab;
  };
  /** Tracks `count` events numbered from `from` in one task. */
  stage.track = async (page, count, from = 0) => {
    stage.caught += await page.evaluate(
      ([count, from]) => {
        const before = window.benchThrown;
        window.benchTrack(count, from);
        return window.benchThrown - before;
      },
      [count, from],
    );
  };
  /** Waits until the events 0 … tracked - 1 are there, at most `patienceMs`, and then for copies of them. */
  stage.settle = async (tracked, patienceMs = 45_000, graceMs = copiesMs) => {
    const end = Date.now() + patienceMs;
    while (collector.summary(tracked).got < tracked && Date.now() < end) await sleep(50);
    await sleep(Math.min(graceMs, Math.max(0, end - Date.now()) + 3_000));
    return collector.summary(tracked);
  };

  let timer;
  const cut = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`cut off after ${limitMs / 1_000} s`)), limitMs);
  });
  try {
    const result = await Promise.race([play(stage), cut]);
    return { ...result, ...errors(stage) };
  } catch (error) {
    return { failed: String(error.message ?? error).split('\n')[0], ...collector.summary(Infinity), ...errors(stage) };
  } finally {
    clearTimeout(timer);
    await visitor.close().catch(() => {});
    await Promise.all([collector.close(), site.close()]);
  }
}

/** What reached the page: errors that nobody caught, and calls of track() that threw. */
function errors({ visitor, caught, neverReady }) {
  return {
    neverReady,
    thrown: visitor.thrown.length + caught,
    errors: [...new Set(visitor.thrown)],
    strayed: [...visitor.strayed],
  };
}
