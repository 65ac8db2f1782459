import { setTimeout as sleep } from 'node:timers/promises';

/** Tracks `count` events and leaves in the same task; comes back, and tracks one more so that an SDK that needs a nudge has it. */
const navigate = (count) => ({
  id: `navigate-${count}`,
  title: `${count} events and a navigation in the same task`,
  limitMs: 90_000,
  async play({ visit, collector, settle, track }) {
    const page = await visit();
    await page.evaluate((count) => {
      window.benchTrack(count, 0);
      location.href = '/blank';
    }, count);
    await page.waitForURL('**/blank');
    await sleep(1_000);
    const { got } = collector.summary(count);
    await visit('/page', page);
    await track(page, 1, count);
    return { ...(await settle(count)), gotBeforeReturn: got };
  },
});

export const navigations = [navigate(30), navigate(300)];
