import { afterAll, expect, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { measureLoss } from './support/loss.js';
import { type Sandbox, sandbox } from './support/millrace.js';

const events = Number(process.env.MILLRACE_LOSS_EVENTS ?? 10_000);
const seed = Number(process.env.MILLRACE_LOSS_SEED ?? 1);

browserDescribe('an unlucky visitor', () => {
  let box: Sandbox;
  afterAll(() => box?.remove());

  test(
    `${events} events over navigations, closed tabs, crashes, SIGKILL of the browser, offline, 503, resets, hangs, a captive portal, redirects, a firewall, proxies, a service worker, full storage and 8 tabs: none is missing in the lake`,
    async () => {
      box = sandbox();
      const report = await measureLoss(box, events, seed);
      console.info(JSON.stringify(report, null, 2));
      expect(report.missing).toEqual([]);
      expect(report.rowsTwice / report.tracked).toBeLessThanOrEqual(0.005);
    },
    30 * 60_000,
  );
});
