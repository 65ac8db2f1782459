import { afterAll, expect, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import { lakeRows } from './support/lake.js';
import { randomOf } from './support/loss.js';
import { type Sandbox, sandbox } from './support/millrace.js';
import { startStorefront } from './support/storefront.js';

declare const millrace: { track(event: string, fields: object): void; flush(): Promise<void> };

browserDescribe('what is taken on the way', ({ launch }) => {
  let box: Sandbox;
  afterAll(() => box?.remove());

  test('with events removed at random before the server, whole tails among them, the audit finds exactly those, and that we lost none', async () => {
    box = sandbox();
    const ports = ['--port', '0', '--ingest-port', '0', '--aws-port', '0'];
    const served = await box.serve(['dev', '--no-traffic', ...ports], ['ingest', 'store', 'aws']);
    const front = await startStorefront(served.url('ingest'));
    const pages = 8;
    const perPage = 12;
    const random = randomOf(7);
    // At random, and the last three of the third page: a tail, of which only a later page tells.
    const stolen = new Set([33, 34, 35]);
    while (stolen.size < 17) stolen.add(Math.floor(random() * (pages - 1) * perPage));
    front.steals = (line) => stolen.has(JSON.parse(line).properties?.n);
    const page = await (await (await launch()).newContext()).newPage();
    try {
      for (let round = 0; round < pages; round++) {
        await page.goto(`${front.origin}/p${round}`);
        await page.evaluate(
          ([from, to]) => {
            for (let n = from!; n < to!; n++) millrace.track('liked_item', { properties: { n } });
            return millrace.flush();
          },
          [round * perPage, (round + 1) * perPage],
        );
      }
      const wanted = pages * perPage - stolen.size;
      await eventually('what was left', () => lakeRows(box.state).length >= wanted);
      const { code, stdout } = await box.run(['audit', '--json']);
      const audit = JSON.parse(stdout);
      // What never reached the server was never acknowledged: the page's word, which takes nothing from the proof.
      expect(audit).toMatchObject({
        missing: stolen.size,
        never_acknowledged: stolen.size,
        lost_by_us: 0,
        events: wanted,
      });
      expect({ code, verdict: audit.verdict }).toEqual({ code: 0, verdict: 'complete' });
      // The visitor's last page may have more that nobody can know of, and the audit says so.
      expect(audit.streams).toMatchObject({ total: pages, tail_unknown: 1 });
    } finally {
      await front.close();
    }
  });
});
