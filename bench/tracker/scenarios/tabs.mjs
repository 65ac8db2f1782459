import { setTimeout as sleep } from 'node:timers/promises';

const tabs = 4;
const each = 25;
const tracked = tabs * (each + 1);

/** Four tabs of one site under 503; each tracks once more after the recovery; all are closed, and a new tab comes. */
export const fourTabs = {
  id: 'tabs',
  title: '4 tabs under 503, recover, 1 more each, close, a new tab',
  limitMs: 210_000,
  async play({ visit, track, collector, settle }) {
    const pages = [];
    for (let tab = 0; tab < tabs; tab++) pages.push(await visit());
    collector.setMode('503');
    const before = collector.requests();
    for (const [tab, page] of pages.entries()) await track(page, each, tab * each);
    await sleep(30_000);
    const after = collector.requests();
    collector.setMode('ok');
    for (const [tab, page] of pages.entries()) await track(page, 1, tabs * each + tab);
    await settle(tracked, 30_000, 1_000);
    // The last tab stays as `about:blank`, or the browser would end with it.
    await pages[0].context().newPage();
    for (const page of pages) await page.close();
    await track(await visit(), 1, tracked);
    return { ...(await settle(tracked, 30_000)), requestsWhileDown: after - before };
  },
};
