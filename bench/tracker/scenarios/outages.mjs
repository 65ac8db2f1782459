import { setTimeout as sleep } from 'node:timers/promises';

const tracked = 50;
/** Longer than the longest pause that a tracker makes before it first sends. */
const downMs = 30_000;

/** The collector fails, 50 events are tracked, the visitor leaves after half a minute; the collector recovers, the visitor comes back. */
const outage = (mode, title) => ({
  id: `${mode}-reload`,
  title,
  limitMs: 150_000,
  async play({ visit, track, collector, settle }) {
    const page = await visit();
    collector.setMode(mode);
    const before = collector.requests();
    await track(page, tracked);
    await sleep(downMs);
    await page.goto(`${new URL(page.url()).origin}/blank`);
    await sleep(500);
    const after = collector.requests();
    collector.setMode('ok');
    await visit('/page', page);
    await track(page, 1, tracked);
    return { ...(await settle(tracked)), requestsWhileDown: after - before };
  },
});

export const outages = [
  outage('503', '503, leave, recover, return'),
  outage('reset', 'connections reset, leave, recover, return'),
];
