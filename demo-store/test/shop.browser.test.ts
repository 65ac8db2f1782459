import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { storedEventSchema } from '@millrace/sdk/schema';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type RunningStore, startStore, storeCatalogue } from '../src/index.js';
import { type Collector, realTracker, startCollector } from './helpers/collector.js';

browserDescribe('the shop in a browser', ({ launch }) => {
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let collector: Collector;
  let store: RunningStore;
  let complaints: string[];

  async function open(script: string) {
    collector = await startCollector(script);
    store = await startStore({ collectorUrl: collector.url, writeKey: 'demo', port: 0 });
    context = await browser.newContext();
    page = await context.newPage();
    page.on('console', (message) => complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => complaints.push(String(error)));
    // The browser says what its policy blocked in the console too; this says it where nobody looks at the console.
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        console.error(`blocked by the policy: ${event.violatedDirective} ${event.blockedURI}`);
      });
    });
  }

  beforeAll(async () => {
    browser = await launch();
  });
  beforeEach(() => {
    complaints = [];
  });
  afterEach(async () => {
    await context.close();
    await Promise.all([store.close(), collector.close()]);
    expect(complaints).toEqual([]);
    expect(collector.refused).toEqual([]);
  });

  const goTo = (path: string) => page.goto(store.url + path);
  const says = (selector: string, text: string) => page.locator(selector, { hasText: text }).first().waitFor();

  /** From the front page to the thanks: two things, one of them twice. */
  async function browseAndBuy() {
    await goTo('/');
    await page.click('a:has-text("Books") >> nth=0');
    await page.click('a:has-text("A Field Guide to Small Rivers")');
    await page.click('summary:has-text("Description")');
    // Opened, closed and opened again: two readings. Closing is none.
    for (let click = 0; click < 3; click += 1) {
      await page.click('summary:has-text("The chapter on mills alone")');
      await page.waitForFunction(
        (open) => document.querySelectorAll<HTMLDetailsElement>('details.review')[1]!.open === open,
        click % 2 === 0,
      );
      // The details' toggle event comes after the change.
      await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 50)));
    }
    await page.click('button:has-text("Like")');
    await page.waitForSelector('[data-like][aria-pressed="true"]:not([data-track])');
    await page.click('button:has-text("Like")');
    await page.waitForSelector('[data-like][aria-pressed="false"][data-track]');
    await page.check('input[name=rating][value="4"]');
    await page.fill('input[name=title]', '<b>Wet</b> & good');
    await page.fill('textarea', 'Words that nobody gets.');
    await page.click('button:has-text("Publish the review")');
    await says('.review.own .review-title', '<b>Wet</b> & good');
    await page.click('button:has-text("Add to cart")');
    await says('[data-add-status]', '1 in the cart');
    await goTo('/food/23');
    await page.fill('input[name=quantity]', '2');
    await page.click('button:has-text("Add to cart")');
    await says('[data-cart-count]', '3');
    await page.click('a:has-text("Cart")');
    await says('[data-total]', '€65.80');
    await page.click('a:has-text("Go to the checkout")');
    await page.check('input[value=transfer]');
    await page.click('button:has-text("Use this")');
    await says('[data-place]', 'Paying by bank transfer.');
    await page.click('[data-place-order]');
    await page.waitForURL('**/thanks');
    await says('.thanks', 'is complete');
    return (await page.textContent('[data-order-id]'))!;
  }

  const book = { item_id: '51', item_name: 'A Field Guide to Small Rivers', item_price: 28, currency: 'EUR' };
  const oil = { item_id: '23', item_name: 'Early Harvest Olive Oil, 75 cl', item_price: 18.9, currency: 'EUR' };
  const expected = (order_id: string) => [
    { event: 'clicked_item_description', page: 'books', ...book },
    { event: 'clicked_review', page: 'books', ...book, properties: { review: '2', rating: '4' } },
    { event: 'clicked_review', page: 'books', ...book, properties: { review: '2', rating: '4' } },
    { event: 'liked_item', page: 'books', ...book },
    { event: 'reviewed_item', page: 'books', ...book, properties: { rating: 4 } },
    { event: 'entered_payment_method', page: 'cart', properties: { method: 'transfer' } },
    { event: 'purchased_item', page: 'books', ...book, item_quantity: 1, order_id },
    { event: 'purchased_item', page: 'food', ...oil, item_quantity: 2, order_id },
  ];

  test('a visit from the front page to the thanks becomes exactly the events that it should, by the tracker that ships', async () => {
    await open(realTracker());
    const orderId = await browseAndBuy();
    await eventually('all events', () => collector.events().length >= expected(orderId).length);
    const events = collector.events();
    const fields = [
      'event',
      'page',
      'item_id',
      'item_name',
      'item_price',
      'item_quantity',
      'currency',
      'order_id',
    ] as const;
    const seen = events.map((event) => ({
      ...Object.fromEntries(fields.flatMap((name) => (event[name] === undefined ? [] : [[name, event[name]]]))),
      ...(event.properties && { properties: event.properties }),
    }));
    expect(seen).toEqual(expected(orderId));
    expect(new Set(events.map(({ visitor_id }) => visitor_id)).size).toBe(1);
    await eventually(
      'the views',
      () => collector.events(true).filter(({ event }) => event === 'page_view').length >= 7,
    );
    const views = collector.events(true).filter(({ event }) => event === 'page_view');
    expect(views.map(({ page: name }) => name)).toEqual([
      'storefront',
      'books',
      'books',
      'food',
      'cart',
      'cart',
      'cart',
    ]);
    for (const event of collector.events(true)) {
      expect(storeCatalogue.pages).toContain(event.page);
      expect(storeCatalogue.events).toContain(event.event);
      expect(storedEventSchema.safeParse(event).success).toBe(true);
      expect(JSON.stringify(event)).not.toContain('Words that nobody gets');
    }
  });

  test('what a visitor calls themself goes with their events from then on', async () => {
    await open(realTracker());
    await goTo('/books/51');
    await page.click('button:has-text("Add to cart")');
    await goTo('/checkout');
    await page.fill('[data-visitor-name]', 'nobody-in-particular');
    await page.click('button:has-text("Use this")');
    await eventually('the payment', () => collector.events().length > 0);
    expect(collector.events()[0]).toMatchObject({ event: 'entered_payment_method', user_id: 'nobody-in-particular' });
  });

  test('calls made before the tracker has loaded wait in the stub, in order', async () => {
    // A script that never takes the stub over.
    await open('');
    await goTo('/books/51');
    await page.check('input[name=rating][value="5"]');
    await page.fill('input[name=title]', 'Early');
    await page.click('button:has-text("Publish the review")');
    const queue = await page.evaluate(() => (window as unknown as { millrace: { q: unknown[][] } }).millrace.q);
    expect(queue).toEqual([['track', ['reviewed_item', { ...book, properties: { rating: 5 } }], expect.any(Number)]]);
  });

  test('a shop whose tracker is blocked still sells', async () => {
    await open('');
    await page.route('**/millrace.js', (route) => route.abort('blockedbyclient'));
    await browseAndBuy();
    expect(collector.events(true)).toEqual([]);
    // The browser itself says that the script did not come, once a page.
    complaints = complaints.filter((line) => !line.includes('ERR_BLOCKED_BY_CLIENT'));
  });

  test('the cart keeps its things, changes quantities and removes, and survives rubbish in the storage', async () => {
    await open('');
    await goTo('/books/51');
    await page.evaluate(() => {
      localStorage.setItem('xcorp.cart', '[["51",2],["99",1],["52","x"],7,["53",400]]');
      localStorage.setItem('xcorp.likes', '{"no":"list"}');
      localStorage.setItem('xcorp.review.51', '"rubbish"');
    });
    await page.reload();
    await says('[data-like]', 'Like');
    await goTo('/cart');
    expect(await page.locator('.line').count()).toBe(2);
    await says('[data-total]', '€706.00');
    await page.fill('.line >> nth=0 >> [data-quantity]', '3');
    await page.locator('.line >> nth=0 >> [data-quantity]').blur();
    await says('[data-total]', '€734.00');
    await page.click('[aria-label="Remove Cooking With What Is There"]');
    await says('[data-total]', '€84.00');
    expect(await page.textContent('[data-cart-status]')).toBe('Cooking With What Is There is out of the cart.');
    await page.click('[data-remove]');
    await says('[data-when-empty]', 'Nothing in it yet');
    await page.evaluate(() => localStorage.setItem('xcorp.cart', '{'));
    await goTo('/checkout');
    await says('[data-when-empty]', 'Nothing to pay for');
  });

  test('no field of the checkout has a name or label that a browser fills with a real card', async () => {
    await open('');
    await goTo('/checkout');
    const fields = await page.$$eval('input:not([type=radio])', (inputs) =>
      inputs.map((input) => [
        (input as HTMLInputElement).name,
        (input as HTMLInputElement).autocomplete,
        (input as HTMLInputElement).labels?.[0]?.textContent ?? '',
      ]),
    );
    expect(fields.length).toBeGreaterThan(0);
    for (const [name, autocomplete, label] of fields) {
      expect([name, autocomplete]).toEqual(['', 'off']);
      expect(label).not.toMatch(/card|number|cvc|cvv|security|expir/i);
    }
  });

  test('the policy blocks what is not the shop or the collector', async () => {
    await open('');
    await goTo('/');
    await page
      .evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'window.inline = true';
        document.body.append(script);
      })
      .catch(() => {});
    const reached = await page.evaluate(() =>
      fetch('http://127.0.0.1:9/').then(
        () => true,
        () => false,
      ),
    );
    expect(await page.evaluate(() => 'inline' in window)).toBe(false);
    expect(reached).toBe(false);
    expect(complaints.some((line) => line.includes('connect-src'))).toBe(true);
    complaints = [];
  });

  test('every page can be used by keyboard alone: the first stop skips to the content, and each stop shows', async () => {
    await open('');
    await goTo('/books/51');
    await page.keyboard.press('Tab');
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe('Skip to the content');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => location.hash)).toBe('#main');
    for (let stop = 0; stop < 15; stop += 1) {
      await page.keyboard.press('Tab');
      const outline = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const shown = element.closest('.choice') ?? element;
        return element === document.body ? 'body' : getComputedStyle(shown).outlineStyle;
      });
      expect(outline).toBe('solid');
    }
  });
});
