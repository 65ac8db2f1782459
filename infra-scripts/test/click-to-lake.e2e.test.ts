import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { storedEventSchema } from '@millrace/sdk/schema';
import { browserDescribe } from '@millrace/testing/browser';
import { eventually } from '@millrace/testing/eventually';
import type { Browser, Page } from 'playwright-core';
import { lakeKeys, lakeRows, withoutDuplicates } from './support/lake.js';
import { type Sandbox, type Served, sandbox } from './support/millrace.js';

const anyPorts = ['--port', '0', '--ingest-port', '0', '--aws-port', '0'];

browserDescribe('from a click to the lake, with everything on one machine', ({ launch }) => {
  let box: Sandbox;
  let millrace: Served;
  let browser: Browser;
  let page: Page;
  const complaints: string[] = [];

  beforeAll(async () => {
    box = sandbox(undefined, 'installed');
    millrace = await box.serve(['dev', '--no-traffic', ...anyPorts], ['aws', 'ingest', 'store']);
    browser = await launch();
    page = await browser.newPage();
    page.on('pageerror', (error) => complaints.push(String(error)));
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  });
  afterAll(() => box.remove());

  /** Events of the generator in the lake, once each. */
  const generated = () =>
    withoutDuplicates(lakeRows(box.state)).filter((row) => String(row.sdk).startsWith('millrace-generator/')).length;

  /** Rows as `millrace query` shows them: the public way. */
  const query = async (sql: string): Promise<Record<string, unknown>[]> => {
    const { code, stdout, stderr } = await box.run(['query', '--json', sql]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
  };

  test('a person reads a review of a book, likes an item and buys it: SQL finds exactly those events, once each', async () => {
    const visited = `${millrace.url('store')}/books/51`;
    await page.goto(visited);
    await page.locator('[data-track="clicked_review"]').first().click();
    await page.locator('[data-track="liked_item"]').first().click();
    await page.getByRole('button', { name: /add to cart/i }).click();
    await page.goto(`${millrace.url('store')}/cart`);
    await page
      .getByRole('link', { name: /checkout|pay/i })
      .first()
      .click();
    await page.waitForURL('**/checkout');
    await page.getByRole('radio').first().check();
    await page.getByRole('button', { name: 'Use this' }).click();
    await page.getByRole('button', { name: /^Buy for/ }).click();
    await page.waitForURL('**/thanks*');

    const wanted = ['clicked_review', 'entered_payment_method', 'liked_item', 'purchased_item'];
    const rows = await eventually('the purchase to be a row', () => {
      const found = lakeRows(box.state);
      const views = found.filter((row) => row.event === 'page_view').length;
      return wanted.every((event) => found.some((row) => row.event === event)) && views >= 4 ? found : undefined;
    });
    for (const row of rows) expect(storedEventSchema.safeParse(row).error).toBeUndefined();

    const clicks = await query(
      "select page, event, item_id, count(*) as n from events where event <> 'page_view' group by all order by event",
    );
    expect(clicks.map(({ event, n }) => [event, Number(n)])).toEqual(wanted.map((event) => [event, 1]));
    const reviews = await query("select * from events where page='books' and event='clicked_review' limit 5");
    expect(reviews).toHaveLength(1);
    expect(reviews[0]).toMatchObject({ item_id: '51', url: visited, sdk: expect.stringMatching(/^millrace-js\//) });
    expect(complaints).toEqual([]);
  });

  test('the objects lie at page=books/event=clicked_review/, gzipped, under the names that AWS gives them', () => {
    const keys = lakeKeys(box.state).filter((key) => key.startsWith('page=books/event=clicked_review/'));
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) expect(key).toMatch(/\/clickstream-to-s3-1-\d{4}(-\d\d){5}-[0-9a-f-]{36}\.gz$/);
  });

  test('each page of the visit is a stream, gap-free from 0, that says how far the one before got; the audit finds nothing missing', async () => {
    const events = await query(
      'select stream_id, seq, after_stream_id, after_seq, url from events order by stream_id, seq',
    );
    const streams = [...new Set(events.map(({ stream_id }) => stream_id))];
    expect(streams.length).toBe(new Set(events.map(({ url }) => url)).size);
    const lengths = streams.map((id) => events.filter(({ stream_id }) => stream_id === id));
    for (const [index, stream] of lengths.entries()) {
      expect(stream.map(({ seq }) => Number(seq))).toEqual(stream.map((_, seq) => seq));
      const before = lengths[index - 1];
      expect(stream[0]!.after_stream_id ?? undefined).toBe(before && streams[index - 1]);
      if (before) expect(Number(stream[0]!.after_seq)).toBe(before.length - 1);
    }
    expect(await box.run(['audit'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('ls shows the partitions with their objects and events', async () => {
    const { stdout, code } = await box.run(['ls']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/books\s+clicked_review\s+1\s+1\s/);
  });

  test('the live view shows an event on its way: received, in the stream, in an object', async () => {
    const live = await browser.newPage();
    await live.goto(`${millrace.url('store')}/live`);
    await page.goto(`${millrace.url('store')}/food`);
    const row = live.locator('tr', { hasText: 'food' }).filter({ hasText: '.gz' });
    await row.getByRole('button', { name: 'page_view' }).first().click({ timeout: 60_000 });
    const detail = live.getByRole('dialog');
    expect(await detail.textContent()).toMatch(
      /Received.*In the stream.*shardId-.*In an object.*page=food\/event=page_view\//s,
    );
    await live.close();
  });

  test('an event that is put straight into the stream is delivered like any other', async () => {
    const { code } = await box.run(['generate', 'clickstream', '1', '0', '--count', '3']);
    expect(code).toBe(0);
    await eventually('three generated events in the lake', () => generated() === 3);
    const [row] = await query("select count(*) as n from events where sdk like 'millrace-generator/%'");
    expect(Number(row?.n)).toBe(3);
  });

  test('Ctrl-C stops everything with nothing lost, and the next start goes on where it was', async () => {
    const before = generated();
    const generate = async (count: number, seed: number) => {
      const args = ['--to', millrace.url('ingest'), '--count', `${count}`, '--rate', '1000', '--seed', `${seed}`];
      expect(await box.run(['generate', ...args])).toMatchObject({ code: 0 });
    };
    await generate(50, 3);
    expect(await millrace.end('SIGINT')).toBe(0);
    millrace = await box.serve(['dev', '--no-traffic', ...anyPorts], ['aws', 'ingest', 'store']);
    await generate(5, 4);
    await eventually('all of them in the lake', () => generated() === before + 55);
  });
});
