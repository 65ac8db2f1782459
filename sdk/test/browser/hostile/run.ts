import type { MillraceEvent } from '@millrace/sdk/schema';
import { startCollector } from '@millrace/testing/collector';
import { eventually } from '@millrace/testing/eventually';
import type { Browser } from 'playwright-core';
import type { Tracker } from '../../../src/tracker/index.js';
import { built } from '../built.js';
import { startSite } from '../site.js';
import { pagesOf, places } from './page.js';
import { describePlan, type Plan } from './plan.js';

declare const millrace: Tracker;

/** What became of a plan. */
export interface Outcome {
  plan: Plan;
  /** Numbers of events that did not arrive, or not once. */
  missing: number[];
  twice: number[];
  /** Those that are missing are counted: by a gap in `seq`, or in `tracker_dropped`. */
  isCounted: boolean;
  /** What reached the page, was refused by the server, or went wrong in the test itself. */
  faults: string[];
}

/** The numbers of the events that the plan's page tracks, where the tracker can know of them. */
const expectedOf = ({ denied }: Plan): number[] => [
  0,
  1,
  2,
  ...(denied.has('clicks') || denied.has('handlers') ? [] : [5]),
  ...(denied.has('clicks') ? [] : [10, 11, 12]),
];

const { integrity } = JSON.parse(built('millrace.json')) as { integrity: string };
const files = { '/millrace.js': built('millrace.js'), '/millrace-full.js': built('millrace-full.js') };

/** Opens a plan's page, clicks, goes on to a plain page, and says what has arrived. */
export async function runPlan(browser: Browser, plan: Plan, patienceMs: number): Promise<Outcome> {
  const limitMs = plan.excuse ? 10_000 : patienceMs;
  const [collector, site, context] = await Promise.all([startCollector(files), startSite({}), browser.newContext()]);
  const outcome: Outcome = { plan, missing: [], twice: [], isCounted: false, faults: [] };
  let isReady = false;
  context.on('weberror', (error) => {
    const { message, stack } = error.error();
    const text = stack?.includes(message) ? stack : `${message} ${stack}`;
    if (!text.includes('of the page')) outcome.faults.push(`reached the page: ${text}`);
  });
  context.on('console', (message) => {
    if (message.text() === 'shop: ready') isReady = true;
  });
  const numbers = () =>
    collector.kept().flatMap(({ properties }) => (properties && 'n' in properties ? [Number(properties.n)] : []));
  const expected = expectedOf(plan);
  const missing = () => expected.filter((n) => !numbers().includes(n));
  try {
    Object.assign(site.pages, pagesOf(plan, { site: site.origin, collector: collector.origin, hash: integrity }));
    const page = await context.newPage();
    await page.goto(`${site.origin}/hostile`);
    await eventually('the tracker to come', () => isReady, limitMs);
    for (const [x, y] of [places.first, places.second, places.link]) await page.mouse.click(x, y);
    const staysThere = plan.denied.has('navigation') || plan.features.some(({ frame }) => frame);
    if (staysThere) await page.goto(`${site.origin}/plain`);
    else await page.waitForURL(`${site.origin}/plain`, { timeout: limitMs });
    // A pause after failures is not what this is about.
    const hurry = () =>
      page.evaluate(() => {
        localStorage.removeItem('millrace.demo.w');
        void millrace.flush();
      });
    const isCartKept = () => collector.kept().some(({ event }) => event === 'visited_cart');
    const isDone = () => isCartKept() && missing().length === 0;
    await eventually(
      'the events',
      async () => {
        if (isDone()) return true;
        await hurry();
        return false;
      },
      limitMs,
    );
  } catch (error) {
    if (!plan.excuse) outcome.faults.push(String(error));
  }
  outcome.missing = missing();
  outcome.twice = expected.filter((n) => numbers().filter((one) => one === n).length > 1);
  if (!plan.excuse) outcome.faults.push(...collector.refused.map((line) => `refused: ${line}`));
  outcome.isCounted = lossOf(collector.kept()) >= outcome.missing.length;
  await context.close();
  await Promise.all([collector.close(), site.close()]);
  return outcome;
}

/** How many events the arrived ones say are missing. */
function lossOf(kept: readonly MillraceEvent[]): number {
  const ends = new Map<string, number>();
  const note = (stream: string, seq: number) => ends.set(stream, Math.max(ends.get(stream) ?? -1, seq));
  let dropped = 0;
  for (const event of kept) {
    note(event.stream_id, event.seq);
    if (event.after_stream_id !== undefined) note(event.after_stream_id, event.after_seq!);
    const counts = Object.values((event.properties?.tracker_dropped ?? {}) as Record<string, number>);
    dropped = Math.max(
      dropped,
      counts.reduce((sum, count) => sum + count, 0),
    );
  }
  let gaps = 0;
  for (const [stream, end] of ends) gaps += end + 1 - kept.filter(({ stream_id }) => stream_id === stream).length;
  return gaps + dropped;
}

/** An outcome in words, and how to try it alone. */
export const describeOutcome = ({ plan, missing, twice, faults }: Outcome): string =>
  [
    describePlan(plan),
    missing.length ? `missing: ${missing}` : '',
    twice.length ? `twice: ${twice}` : '',
    ...faults,
    `alone: MILLRACE_FUZZ_SEED=${plan.seed} npx jest sdk/dist/test/tracker-fuzz.test.js`,
  ]
    .filter(Boolean)
    .join('\n  ');
