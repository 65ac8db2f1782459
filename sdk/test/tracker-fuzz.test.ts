import { beforeAll, expect, jest, test } from '@jest/globals';
import { browserDescribe } from '@millrace/testing/browser';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import type { Browser } from 'playwright-core';
import { describePlan, planOf } from './browser/hostile/plan.js';
import { describeOutcome, type Outcome, runPlan } from './browser/hostile/run.js';

// A browser on a busy machine is slow; nothing here asserts on time.
jest.setTimeout(1_200_000);

const pages = inForm(8, 200);
const alone = process.env.MILLRACE_FUZZ_SEED;
const seeds = alone ? [Number(alone)] : Array.from({ length: pages }, (_, index) => index + 1);
/** Pages at the same time. */
const atOnce = 3;

test('the generator is pure: a seed gives the same page again', () => {
  const names = () => seeds.map((seed) => describePlan(planOf(seed)));
  expect(names()).toEqual(names());
  expect(new Set(names()).size).toBeGreaterThan(0.9 * seeds.length);
});

browserDescribe(`${pages} pages of random hostile features${leavesOut('192 of them')}`, ({ launch }) => {
  const outcomes: Outcome[] = [];
  beforeAll(async () => {
    const browser: Browser = await launch();
    const waiting = [...seeds];
    const work = async () => {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift())
        outcomes.push(await runPlan(browser, planOf(seed), 30_000));
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  });

  const describeAll = (of: readonly Outcome[]) => of.map(describeOutcome).join('\n');

  test('no error of ours reaches the page, and the server refuses no event', () => {
    expect(describeAll(outcomes.filter(({ faults }) => faults.length))).toBe('');
  });

  test('every event arrives once, unless a named feature makes that impossible: at most one page in forty', () => {
    const wrong = outcomes.filter(
      ({ plan, missing, twice, isCounted }) =>
        twice.length || (missing.length && (plan.excuse === undefined || (plan.denied.has('keeping') && !isCounted))),
    );
    expect(describeAll(wrong)).toBe('');
    const lossy = outcomes.filter(({ missing }) => missing.length);
    for (const { plan } of lossy) console.warn(`${describePlan(plan)}\n  ${plan.excuse}`);
    expect(lossy.length).toBeLessThanOrEqual(Math.max(1, pages / 40));
  });
});
