import { setTimeout as sleep } from 'node:timers/promises';

const tracked = 50;

/** The collector takes requests and never answers; the page's renderer crashes 1.5 s after the events. */
const rendererCrash = {
  id: 'hang-crash',
  title: 'server hangs, renderer crashes after 1.5 s, return',
  limitMs: 150_000,
  async play({ visit, track, collector, settle, visitor }) {
    const page = await visit();
    collector.setMode('hang');
    await track(page, tracked);
    await sleep(1_500);
    const session = await visitor.context.newCDPSession(page);
    const crashed = new Promise((resolve) => page.once('crash', resolve));
    // The renderer that is to crash does not answer.
    session.send('Page.crash').catch(() => {});
    await Promise.race([crashed, sleep(5_000)]);
    collector.setMode('ok');
    const next = await visit();
    await track(next, 1, tracked);
    // What a crashed page left behind, RudderStack takes over only after most of a minute.
    return settle(tracked, 75_000);
  },
};

/** The whole browser is killed 200 ms after the events and started again with the same profile. */
const kill = (mode, title, repeats) => ({
  id: `sigkill-${mode}`,
  title,
  limitMs: 150_000,
  // A race between the disk and the kill: once says little.
  repeats,
  async play({ visit, track, collector, settle, visitor }) {
    const page = await visit();
    collector.setMode(mode);
    await track(page, tracked);
    await sleep(200);
    await visitor.kill();
    await sleep(300);
    collector.setMode('ok');
    await visitor.start();
    const next = await visit();
    await track(next, 1, tracked);
    return settle(tracked);
  },
});

export const crashes = [
  rendererCrash,
  kill('503', 'SIGKILL of the browser 200 ms after the events, server at 503, restart', 3),
  kill('ok', 'SIGKILL of the browser 200 ms after the events, server up, restart', 2),
];
