import { expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Tracker } from '../src/tracker/index.js';
import { openShop } from './browser/shop.js';

declare const millrace: Tracker;

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(240_000);

browserDescribe('no event is dropped for its name', ({ launch }) => {
  const shop = openShop({ launch });
  const arrived = (count: number) => eventually(`${count} events`, () => shop.collector.kept().length === count);
  const said = () => shop.collector.kept().map(({ page, event }) => [page, event]);

  test('a path, a click and a call with letters that no slug has keep them', async () => {
    const page = await shop.visit({
      path: '/%E6%9B%B8%E7%B1%8D/1',
      attributes: '',
      body: '<button data-track="購入">買う</button><button data-track="Købt nu">Køb</button><i data-track="👍">+1</i>',
    });
    for (const place of ['button >> nth=0', 'button >> nth=1', 'i']) await page.click(place);
    await page.evaluate(() => {
      millrace.track('Оформить заказ');
      millrace.track(42 as never);
      millrace.track('購'.repeat(200));
    });
    await arrived(7);
    expect(said()).toEqual([
      ['書籍', 'page_view'],
      ['書籍', '購入'],
      ['書籍', 'kobt_nu'],
      ['書籍', '👍'],
      ['書籍', 'Оформить заказ'],
      ['書籍', '42'],
      ['書籍', '購'.repeat(200)],
    ]);
  });

  test('a page is named in letters that no slug has: by data-page, by page(), by a field', async () => {
    await shop.visit({
      body: '<body data-page="Каталог">',
      after: `addEventListener('load', () => {
        millrace.track('a');
        millrace.track('b', { page: 'cafe\\u0301' });
        millrace.page({ page: 'カート' });
        millrace.track('c');
      })`,
    });
    await arrived(4);
    expect(said()).toEqual([
      ['Каталог', 'a'],
      ['cafe', 'b'],
      ['カート', 'page_view'],
      ['カート', 'c'],
    ]);
  });

  test('only what is no name at all is dropped, and counted', async () => {
    await shop.visit({
      after: `for (const none of ['', ' \\u3000', null, undefined, {}, ['購入'], () => 1]) millrace.track(none);
        millrace.track('a')`,
    });
    await arrived(1);
    expect(shop.collector.kept()[0]!.properties).toEqual({ tracker_dropped: { invalid: 7 } });
  });
});
