import { setTimeout as sleep } from 'node:timers/promises';

const tracked = 20;

/** A page that somebody else has changed, as public bug reports tell: `path` is what it does before the tracker loads. */
const changedPage = (id, title) => ({
  id,
  title,
  limitMs: 120_000,
  async play({ visit, track, settle }) {
    const page = await visit(`/${id}`);
    await track(page, tracked);
    await sleep(2_000);
    // The visitor goes on, within the site.
    await visit('/page', page);
    return settle(tracked, 20_000, 3_000);
  },
});

/** Somebody on the way changes requests or answers for `seconds`, or for good. */
const onTheWay = (id, title, seconds) => ({
  id,
  title,
  limitMs: 120_000,
  async play({ visit, track, collector, settle }) {
    const page = await visit();
    collector.setMode(id);
    await track(page, tracked);
    if (seconds) {
      await sleep(seconds * 1_000);
      collector.setMode('ok');
    } else await sleep(5_000);
    await visit('/page', page);
    await track(page, 1, tracked);
    return settle(tracked, 45_000, 3_000);
  },
});

/** What other people's pages and networks do. */
export const strangers = [
  onTheWay('offline-page', 'somebody answers 200 with a page for 15 s, then return', 15),
  changedPage('changed-built-ins', 'the page has changed `toJSON`, `Array.prototype.reduce` and `Math.random`'),
  onTheWay('text-proxy', 'a proxy decodes and encodes bodies as UTF-8'),
  changedPage('wrapped-fetch', 'the page adds `traceparent` to every fetch'),
  changedPage('clobbered-names', 'the page has forms named `URL`, `referrer`, `title`, `cookie`'),
];
