// How long a click takes to become a row: from the click in a real Chromium, on the demo store, to the first SQL query that sees it.
//   npm run build && node bench/click-to-row.mjs [CLICKS=40] [--json FILE]

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLake } from '@millrace/lake';
import { findBrowser, launchArgs } from '@millrace/testing/find-browser';
import { chromium } from 'playwright-core';
import { serve, temporaryState } from './processes.mjs';
import { openResult, readOptions } from './result.mjs';
import { quantile, round } from './statistics.mjs';

const options = readOptions({}, { positionals: [['clicks', '40']] });
const clicks = Number(options.clicks);
const found = findBrowser();
if (!found) throw new Error('no Chromium: set CHROME_PATH');

const { state, remove } = temporaryState();
const server = await serve(
  state,
  ['dev', '--no-traffic', '--port', '0', '--ingest-port', '0', '--aws-port', '0'],
  ['aws', 'ingest', 'store'],
);
const browser = await chromium.launch({ executablePath: found.executablePath, args: launchArgs });
const lake = await openLake({ folder: join(state, 's3', 'millrace-lake') });

/** The likes in the lake, by their number of rows. */
const likes = async () => {
  const { rows } = await lake.query("select count(*)::int as n from events where event = 'liked_item'");
  return Number(Object.values(rows[0])[0]);
};

try {
  const millis = [];
  for (let done = await likes(), click = 0; click < clicks; click += 1) {
    // Another visitor each time: who likes an item twice takes the like back.
    const page = await browser.newPage();
    await page.goto(`${server.urls.store}/books/51`);
    // At a random moment of the buffers' clock.
    await sleep(1_000 + Math.random() * 2_000);
    await page.locator('[data-track=liked_item]').first().click();
    const clicked = performance.now();
    while ((await likes()) <= done) await sleep(20);
    millis.push(performance.now() - clicked);
    done += 1;
    await page.close();
  }
  const result = openResult('From a click in Chromium to a row that SQL sees', options.json);
  result.figure('clicks', clicks);
  for (const [name, share] of [
    ['median', 0.5],
    ['95 %', 0.95],
    ['the slowest', 1],
  ])
    result.figure(`${name}, ms`, round(quantile(millis, share)));
  result.done();
} finally {
  await lake.close();
  await browser.close();
  await server.stop();
  remove();
}
