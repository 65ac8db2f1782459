import { expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import { changes, laterChanges } from './browser/hostile/built-ins.js';
import { openShop } from './browser/shop.js';

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('the tracker in a page that has changed built-ins of the language', ({ launch }) => {
  const shop = openShop({ launch });

  const properties = {
    n: 1,
    text: 'a "quoted" \\ ü 購',
    list: ['b', 2, null, { c: true }],
    at: '2026-01-02T03:04:05.678Z',
    small: 0.0000001,
    none: null,
  };
  /** The page tracks by itself: what drives the browser needs built-ins, too. */
  const tracks = `{
    const given = ${JSON.stringify(properties)};
    given.at = new (window.TrueDate || Date)(1767323045678);
    millrace.track('liked_item', { item_id: 42, item_price: 9.9, properties: given });
    millrace.track('Clicked Review!', { page: 'Books & More', properties: { n: 2 } });
    millrace.track('liked_item', { properties: { n: 3 } });
  }`;
  /** The script may have to load another one. */
  const tracksOnceLoaded = `const timer = setInterval(() => {
    if (!window.millrace?.version) return;
    clearInterval(timer);
    ${tracks}
  }, 5);`;
  async function expectThree(): Promise<void> {
    await eventually('three events', () => shop.collector.kept().length === 3);
    expect(shop.collector.kept()).toMatchObject([
      { event: 'liked_item', page: 'home_page', seq: 0, item_id: '42', item_price: 9.9, properties },
      { event: 'clicked_review', page: 'books_more', seq: 1, properties: { n: 2 } },
      { event: 'liked_item', page: 'home_page', seq: 2, properties: { n: 3 } },
    ]);
    for (const { event_time } of shop.collector.kept())
      expect(Math.abs(Date.parse(event_time) - Date.now())).toBeLessThan(3_600_000);
  }

  /** The short form takes turns: what it leaves out after the tracker, it changes before it. */
  const some = <Row>(rows: readonly Row[], rest: number) => rows.filter((_, index) => inForm(index % 2 === rest, true));
  test.each([...some(changes, 0), ...laterChanges])(
    `changed after the tracker came: %s${leavesOut('every other')}`,
    async (_, code) => {
      await shop.visit({ after: `${code}\n${tracks}` });
      await expectThree();
    },
  );

  test.each(some(changes, 1))(`changed before the tracker came: %s${leavesOut('every other')}`, async (_, code) => {
    await shop.visit({ before: code, after: tracksOnceLoaded });
    await expectThree();
  });

  test.each([
    ['a sandbox', '<iframe sandbox="allow-scripts" srcdoc="', '"></iframe>', ''],
    ['a page that adds no elements', '', '', `Node.prototype.appendChild = () => { throw new Error('no more'); };`],
  ])(
    'where no frame has others, as in %s, the console says so once, and the tracker works with what there is',
    async (_, open, close, code) => {
      const html = shop.html({
        before: `Array.prototype.sort = function () { return this; }; ${code}`,
        after: `const timer = setInterval(() => {
        if (!window.millrace?.version) return;
        clearInterval(timer);
        millrace.track('liked_item');
      }, 5);`,
      });
      shop.site.pages['/'] =
        `<!doctype html>${open}${open && html.replaceAll('"', '&quot;')}${close}${open ? '' : html}`;
      await (await shop.context.newPage()).goto(shop.site.origin);
      await eventually('the event', () => shop.collector.kept().length === 1);
      expect(shop.console).toEqual([expect.stringContaining('load the tracker first')]);
    },
  );
});
