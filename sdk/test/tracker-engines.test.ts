import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { type Collector, startCollector } from '@millrace/testing/collector';
import { diskFolder } from '@millrace/testing/disk-folder';
import { eventually } from '@millrace/testing/eventually';
import type { Tracker } from '../src/tracker/index.js';
import { built } from './browser/built.js';
import type { Ability, Session, SessionOptions, Tab, Undriven } from './browser/engines/engine.js';
import { engines } from './browser/engines/index.js';
import { type Site, startSite } from './browser/site.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

/** `npm run test:browsers` runs all tests in all engines; `npm test` one in each, as a build can break one engine alone. */
const isWhole = process.env.MILLRACE_TEST_BROWSERS === '1';
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Numbers from 0 to 1, by Numerical Recipes' linear congruential generator. */
function randomFrom(seed: number): () => number {
  let state = seed * 2_654_435_761;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** In the page: tracks events numbered from `from`, in one task, and goes on to `path`. */
function track(count: number, from: number, path: string): void {
  for (let n = 0; n < count; n++) millrace.track('liked_item', { properties: { n: from + n } });
  if (path) location.href = path;
}

for (const engine of engines) {
  const isThere = engine.isThere();
  const name = isThere ? engine.name : `${engine.name} (needs ${engine.name}: apt-get install ${engine.packages})`;
  const always = test;
  const whole = (promise: string, run: () => Promise<void>) => {
    if (isWhole) test(promise, run);
  };

  (isThere ? describe : describe.skip)(name, () => {
    let collector: Collector;
    let site: Site;
    let session: Session | undefined;
    let undriven: Undriven | undefined;
    let profile: string;

    const html = (attributes = 'data-auto="off"', more = '') =>
      `<!doctype html><title>Shop</title><script src="${collector.origin}/millrace.js" data-key="demo" ${attributes}></script><body><a href="/slow" data-track="clicked_review">Reviews</a>${more}`;
    async function visit(options?: SessionOptions): Promise<Tab> {
      session = await engine.start(options);
      const tab = await session.newTab();
      await tab.goto(`${site.origin}/`);
      return tab;
    }
    const kept = () => collector.kept();
    const numbers = () =>
      kept()
        .flatMap(({ properties }) => (typeof properties?.n === 'number' ? [properties.n] : []))
        .sort((a, b) => a - b);
    const allOf = (count: number) => eventually(`${count} events`, () => numbers().length >= count);
    /** A test of what the engine, or our driver of it, may lack. */
    const ifIt = (ability: Ability) => (promise: string, run: () => Promise<void>) => {
      if (engine.can.has(ability)) whole(promise, run);
      else if (isWhole) test.skip(`${promise} (needs ${engine.name} that ${ability})`, run);
    };

    beforeEach(async () => {
      profile = mkdtempSync(`${diskFolder()}/millrace-engine-`);
      collector = await startCollector({ '/millrace.js': built('millrace.js') });
      site = await startSite({
        '/': html(),
        '/elsewhere': '<!doctype html><title>Elsewhere</title>',
        '/slow': { html: '<!doctype html><title>Elsewhere</title>', after: () => sleep(600) },
      });
    });
    afterEach(async () => {
      await session?.close();
      await undriven?.kill();
      session = undriven = undefined;
      await Promise.all([collector.close(), site.close()]);
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
      expect(collector.refused).toEqual([]);
      expect(collector.hits.filter(({ method }) => method !== 'POST')).toEqual([]);
    });

    for (const count of [30, 300]) {
      (count === 300 ? always : whole)(
        `${count} events and a next page that answers after 600 ms: all go with the page`,
        async () => {
          const tab = await visit();
          await tab.evaluate(track, count, 0, '/slow');
          await allOf(count);
          expect(numbers()).toEqual(upTo(count));
          expect(site.asked).toEqual(['/', '/slow']);
          await tab.goto(`${site.origin}/`);
          await tab.evaluate(track, 1, count, '');
          await allOf(count + 1);
          expect(collector.sent()).toHaveLength(count + 1);
        },
      );

      whole(`${count} events and a next page that answers at once: all go with the page`, async () => {
        const tab = await visit();
        await tab.evaluate(track, count, 0, '/elsewhere');
        await allOf(count);
        expect(numbers()).toEqual(upTo(count));
        expect(site.asked).toEqual(['/', '/elsewhere']);
        await tab.goto(`${site.origin}/`);
        await tab.evaluate(track, 1, count, '');
        await allOf(count + 1);
        expect(collector.sent()).toHaveLength(count + 1);
      });
    }

    whole('a click on a link: the click goes with the page', async () => {
      const tab = await visit();
      await tab.click('a');
      await eventually('the click', () => kept().length > 0);
      expect(kept().map(({ event }) => event)).toEqual(['clicked_review']);
      expect(site.asked).toEqual(['/', '/slow']);
    });

    for (const [trouble, reply] of [
      ['503', { status: 503 }],
      ['connections that are reset', 'reset'],
    ] as const) {
      whole(
        `${trouble}, then the visitor leaves and comes back when all is well: nothing is lost, no batch changes`,
        async () => {
          collector.reply = () => reply;
          const tab = await visit();
          await tab.evaluate(track, 50, 0, '');
          await eventually('a try', () => collector.hits.length > 0);
          await tab.goto(`${site.origin}/elsewhere`);
          expect(numbers()).toEqual([]);
          collector.reply = () => ({ status: 200 });
          await tab.goto(`${site.origin}/`);
          await allOf(50);
          expect(numbers()).toEqual(upTo(50));
          expect(new Set(collector.hits.map(({ params }) => params.get('batch'))).size).toBe(1);
        },
      );
    }

    whole('two tabs: one request at a time, nothing lost, nothing twice', async () => {
      collector.reply = async () => {
        await sleep(60);
        return { status: 200 };
      };
      const tab = await visit();
      const other = await session!.newTab();
      await other.goto(`${site.origin}/`);
      await Promise.all([tab.evaluate(track, 40, 0, ''), other.evaluate(track, 40, 40, '')]);
      await allOf(80);
      expect(numbers()).toEqual(upTo(80));
      expect(collector.sent()).toHaveLength(80);
      expect(collector.mostAtOnce()).toBe(1);
    });

    whole('SIGKILL of the browser 300 ms after 30 events: all come after its restart', async () => {
      const work = `<script>(${track})(30, 0, ''); fetch('/tracked');</script>`;
      site.pages['/work'] = html('data-auto="off"', work);
      collector.reply = () => ({ status: 503 });
      undriven = await engine.open(`${site.origin}/work`, profile);
      await eventually('the events', () => site.asked.includes('/tracked'));
      await sleep(300);
      await undriven.kill();
      expect(numbers()).toEqual([]);
      collector.reply = () => ({ status: 200 });
      undriven = await engine.open(`${site.origin}/`, profile);
      await allOf(30);
      expect(numbers()).toEqual(upTo(30));
    });

    ifIt('closes tabs')('a tab that is closed: all of its 30 events go', async () => {
      const other = await visit();
      await other.goto(`${site.origin}/elsewhere`);
      const tab = await session!.newTab();
      await tab.goto(`${site.origin}/`);
      await tab.evaluate(track, 30, 0, '');
      await tab.close();
      await allOf(30);
      expect(numbers()).toEqual(upTo(30));
    });

    ifIt('hides tabs')('a tab that is hidden: all of its 30 events go, once', async () => {
      const tab = await visit();
      const other = await session!.newTab();
      await other.goto(`${site.origin}/elsewhere`);
      await tab.show();
      await tab.evaluate(track, 30, 0, '');
      await other.show();
      await allOf(30);
      await tab.show();
      await tab.evaluate(track, 1, 30, '');
      await allOf(31);
      expect(collector.sent()).toHaveLength(31);
    });

    ifIt('blocks storage')(
      'all storage blocked: events go from memory, once, and with the page what fits',
      async () => {
        const tab = await visit({ without: 'storage' });
        await tab.evaluate(track, 30, 0, '');
        await allOf(30);
        await tab.evaluate(track, 30, 30, '/elsewhere');
        await allOf(60);
        expect(site.asked).toEqual(['/', '/elsewhere']);
        await tab.goto(`${site.origin}/`);
        await tab.evaluate(track, 1, 60, '');
        await allOf(61);
        expect(numbers()).toEqual(upTo(61));
        expect(collector.sent()).toHaveLength(61);
      },
    );

    whole('an opaque origin, so no storage: events go from memory, once', async () => {
      site.pages['/'] = { html: html(), headers: { 'content-security-policy': 'sandbox allow-scripts' } };
      const tab = await visit();
      const refusal = await tab.evaluate(() => {
        try {
          return typeof localStorage;
        } catch (error) {
          return (error as Error).name;
        }
      });
      expect(refusal).toBe('SecurityError');
      await tab.evaluate(track, 30, 0, '');
      await allOf(30);
      await tab.evaluate(track, 1, 30, '');
      await allOf(31);
      expect(collector.sent()).toHaveLength(31);
    });

    ifIt('blocks localStorage alone')(
      'only localStorage missing: what goes with the page comes again at most as the same batch',
      async () => {
        const tab = await visit({ without: 'localStorage' });
        await tab.evaluate(track, 30, 0, '');
        await allOf(30);
        await tab.evaluate(track, 30, 30, '/elsewhere');
        await allOf(60);
        expect(site.asked).toEqual(['/', '/elsewhere']);
        await tab.goto(`${site.origin}/`);
        await tab.evaluate(track, 1, 60, '');
        await allOf(61);
        expect(numbers()).toEqual(upTo(61));
        const batches = collector.hits.map(({ params, events }) => [params.get('batch'), events.length]);
        expect([...new Map(batches as [string, number][]).values()].reduce((sum, count) => sum + count)).toBe(61);
      },
    );

    whole('the script by its hash, under a policy that allows nothing else: the view arrives', async () => {
      const { integrity } = JSON.parse(built('millrace.json')) as { integrity: string };
      const policy = `default-src 'none'; script-src '${integrity}'; connect-src ${collector.origin}; require-trusted-types-for 'script'`;
      site.pages['/'] = {
        html: html(`integrity="${integrity}" crossorigin`),
        headers: { 'content-security-policy': policy },
      };
      await visit();
      await eventually('the view', () => kept().length > 0);
      expect(kept().map(({ event, title }) => [event, title])).toEqual([['page_view', 'Shop']]);
    });

    whole('views: the page, each route, and a fragment that is a route; not a replaced address', async () => {
      site.pages['/'] = html('');
      const tab = await visit();
      await eventually('the view', () => kept().length === 1);
      const go = async (step: string, count: number) => {
        await tab.evaluate((code) => void new Function(code)(), step);
        await eventually(`the view after ${step}`, () => kept().length === count);
      };
      await go("history.replaceState({}, '', '/?a=1'); history.pushState({}, '', '/books')", 2);
      await go("location.hash = '#/food'", 3);
      await go('history.back()', 4);
      expect(kept().map(({ event, url }) => [event, new URL(url!).pathname + new URL(url!).hash])).toEqual([
        ['page_view', '/'],
        ['page_view', '/books'],
        ['page_view', '/books#/food'],
        ['page_view', '/books'],
      ]);
    });

    ifIt('has the back/forward cache')(
      'a page that comes back from the back/forward cache: one more view, in the same stream',
      async () => {
        site.pages['/'] = html('');
        const tab = await visit();
        await eventually('the view', () => kept().length === 1);
        // A page that is left in the midst of a transaction may not be kept.
        await tab.evaluate(() => millrace.flush());
        await tab.goto(`${site.origin}/elsewhere`);
        await tab.back();
        await eventually('the view again', () => kept().length === 2);
        expect(site.asked).toEqual(['/', '/elsewhere']);
        expect(kept().map(({ event, seq }) => [event, seq])).toEqual([
          ['page_view', 0],
          ['page_view', 1],
        ]);
        expect(new Set(kept().map(({ stream_id }) => stream_id)).size).toBe(1);
      },
    );

    whole('a page that is left just after it has sent: the next page sends at once', async () => {
      // The sender has its answer then, and holds the lock for another 50 ms.
      const answered = new Promise<void>((resolve) => {
        collector.reply = () => {
          setTimeout(resolve, 15);
          return { status: 200 };
        };
      });
      site.pages['/when-sent'] = { html: '<!doctype html><title>Elsewhere</title>', after: () => answered };
      const tab = await visit();
      await tab.evaluate(track, 3, 0, '/when-sent');
      await allOf(3);
      await sleep(500);
      await tab.goto(`${site.origin}/`);
      await tab.evaluate(track, 1, 3, '');
      await allOf(4);
      expect(collector.sent()).toHaveLength(4);
    });

    whole(
      'a visit of 20 random steps, over pages and a server that are slow or fail: nothing is lost, no event changes its batch',
      async () => {
        const random = randomFrom(1);
        const one = <Choice>(...choices: Choice[]) => choices[Math.floor(random() * choices.length)]!;
        let delay = 0;
        let trouble: 'none' | 'slow' | '503' | 'reset' = 'none';
        collector.reply = async () => {
          await sleep(trouble === 'slow' ? 300 : 20);
          return trouble === 'reset' ? 'reset' : { status: trouble === '503' ? 503 : 200 };
        };
        for (const path of ['/', '/elsewhere'])
          site.pages[path] = { html: site.pages[path] as string, after: () => sleep(delay) };
        const tab = await visit();
        let tracked = 0;
        for (let step = 0; step < 20; step++) {
          trouble = one('none', 'none', 'none', 'slow', '503', 'reset');
          delay = one(0, 0, 20, 100, 300, 350, 600);
          const count = one(1, 3, 30, 120);
          const path = one('', '', '/', '/', '/elsewhere');
          await tab.evaluate(track, count, tracked, path);
          tracked += count;
          await sleep(one(0, 30, 200, 280, 320, 500) + (path ? delay + 150 : 0));
          if (path === '/elsewhere') await tab.goto(`${site.origin}/`);
        }
        trouble = 'none';
        delay = 0;
        await tab.goto(`${site.origin}/`);
        // The pause after failures may be eight times as long as they were.
        await eventually(`${tracked} events`, () => numbers().length >= tracked, 200_000);
        expect(numbers()).toEqual(upTo(tracked));
        const batches = new Map(collector.hits.map(({ params, events }) => [params.get('batch'), events.length]));
        expect([...batches.values()].reduce((sum, events) => sum + events, 0)).toBe(tracked);
      },
    );

    whole('the site’s next page after two bursts says its view at once', async () => {
      site.pages['/next'] = html('');
      const tab = await visit();
      await tab.evaluate(track, 30, 0, '/next');
      await eventually('the first view', () => kept().some(({ event }) => event === 'page_view'));
      await tab.evaluate(track, 300, 30, '/elsewhere');
      await eventually('the page without a tracker', () => site.asked.includes('/elsewhere'));
      await sleep(2000);
      await tab.goto(`${site.origin}/next`);
      await eventually('the second view', () => kept().filter(({ event }) => event === 'page_view').length === 2);
      await allOf(330);
      expect(numbers()).toEqual(upTo(330));
    });
  });
}
