// How long a click takes to become a row: from the click in a real Chromium, on the demo store, to the first SQL query that sees it.
// usage: node bench/click-to-row.mjs [CLICKS=40]

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLake } from '@millrace/lake';
import { findBrowser, launchArgs } from '@millrace/testing/find-browser';
import { chromium } from 'playwright-core';
import { serve, temporaryState } from './processes.mjs';

const clicks = Number(process.argv[2] ?? 40);
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
  millis.sort((a, b) => a - b);
  const at = (share) => Math.round(millis[Math.min(millis.length - 1, Math.floor(share * millis.length))]);
  console.log(
    JSON.stringify({
      date: new Date().toISOString().slice(0, 10),
      clicks,
      p50_ms: at(0.5),
      p95_ms: at(0.95),
      max_ms: at(1),
    }),
  );
} finally {
  await lake.close();
  await browser.close();
  await server.stop();
  remove();
}
