import { setTimeout as sleep } from 'node:timers/promises';

export const batches = 10;
const inBatch = 20;
const tracked = batches * inBatch;

/** 10 × 20 events, each batch once the one before is there: what they take on the wire, and the preflights. */
export const wire = {
  id: 'wire',
  title: '10 × 20 events, server up, another origin',
  limitMs: 150_000,
  async play({ visit, track, collector, settle }) {
    const page = await visit();
    await sleep(1_000);
    let inTime = 0;
    for (let batch = 0; batch < batches; batch++) {
      await track(page, inBatch, batch * inBatch);
      const { tracked, got } = await settle((batch + 1) * inBatch, 12_000, 0);
      if (got === tracked) inTime++;
    }
    await sleep(1_000);
    const hits = collector.hits.filter(({ markers }) => markers.length > 0);
    const events = hits.reduce((sum, { markers }) => sum + markers.length, 0);
    const sum = (field) => hits.reduce((total, hit) => total + hit[field], 0);
    return {
      ...collector.summary(tracked),
      inTime,
      requests: hits.length,
      preflights: collector.preflights.length,
      bodyBytesPerEvent: sum('body') / events,
      wireBytesPerEvent: (sum('body') + sum('head')) / events,
    };
  },
};

/** A click each 2 s while the collector says 503 for `seconds` of real time; then it recovers, and the next page comes. */
export const longOutage = (seconds) => ({
  id: 'outage',
  title: `requests in ${seconds} s of 503, an event each 2 s`,
  limitMs: (seconds + 120) * 1_000,
  async play({ visit, track, collector, settle }) {
    const page = await visit();
    collector.setMode('503');
    const before = collector.requests();
    const began = Date.now();
    let tracked = 0;
    while (Date.now() - began < seconds * 1_000) {
      await track(page, 1, tracked++);
      await sleep(2_000);
    }
    const after = collector.requests();
    collector.setMode('ok');
    // The visitor goes on to the next page: back-off may be long by now, and a page that stays open is a matter of patience.
    await visit('/page', page);
    await track(page, 1, tracked);
    return { ...(await settle(tracked)), requestsWhileDown: after - before };
  },
});
