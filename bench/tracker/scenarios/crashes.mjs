import { setTimeout as sleep } from 'node:timers/promises';

const tracked = 50;

/** The collector takes requests and never answers; the page's renderer crashes 1.5 s after the events. */
const rendererCrash = {
  id: 'hang-crash',
  title: 'server hangs, renderer crashes after 1.5 s, return',
  limitMs: 90_000,
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
    return settle(tracked);
  },
};

/** The whole browser is killed 200 ms after the events and started again with the same profile. */
const kill = (mode, title) => ({
  id: `sigkill-${mode}`,
  title,
  limitMs: 90_000,
  // A race between the disk and the kill: once says little.
  repeats: 3,
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
  kill('503', 'SIGKILL of the browser 200 ms after the events, server at 503, restart'),
  kill('ok', 'the same with the server up'),
];
