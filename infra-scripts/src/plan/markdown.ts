import { type Bound, byNearness, nearShare, shareOf } from './bounds.js';
import { defaultSizing } from './default-sizing.js';
import { count, dollars, figure } from './figures.js';
import { makePlan, type Plan } from './plan.js';
import { capacityRows, columnNames, costRows, ways } from './rows.js';
import { workloadOf } from './traffic.js';
import type { Variant } from './variant.js';

/** The sizes that the documentation tells of, and the one that it tells in full. */
const rates = [300, 1_000, 10_000, 50_000, 200_000, 1_000_000, 10_000_000] as const;
const rateInFull = 50_000;

const row = (cells: string[]) => `| ${cells.join(' | ')} |`;

/** `visitor / even / full`, each by `of`. */
const each = ({ visitor, even, full }: Plan, of: (variant: Variant) => string) =>
  [visitor, even, full].map(of).join(' / ');

function overview(plans: readonly Plan[]): string {
  const shards = (plan: Plan) => count(plan[plan.spread].capacity.shards);
  return [
    row([
      'events/s',
      'servers',
      'shards',
      'events a record',
      '$ a month, 5 KB per record',
      '$ a month, 5 KB per event',
      'spread',
    ]),
    row(['---:', '---:', '---:', '---:', '---:', '---:', '---']),
    ...plans.map((plan) =>
      row([
        count(plan.workload.eventsPerSecond),
        figure(plan.even.capacity.servers),
        shards(plan),
        each(plan, ({ capacity }) => figure(capacity.eventsPerRecord)),
        each(plan, ({ totals }) => dollars(totals['per record'])),
        each(plan, ({ totals }) => dollars(totals['per sub-record'])),
        plan.recommendedSpread,
      ]),
    ),
  ].join('\n');
}

function inFull(plan: Plan): string {
  return [
    row(['', ...ways.map((way) => columnNames[way])]),
    row(['---', ...ways.map(() => '---:')]),
    ...capacityRows(plan).map((line) => row([line.what, ...ways.map((way) => line[way])])),
    row(['**dollars a month**', ...ways.map(() => '')]),
    ...costRows(plan).map((line) => row([line.what, ...ways.map((way) => line[way])])),
  ].join('\n');
}

const boundsOf = (plan: Plan) => plan[plan.spread].bounds;
const of = (plan: Plan, what: string) => boundsOf(plan).find((bound) => bound.what === what);

/** Empty where each size has its own. */
function limitText(plans: readonly Plan[], what: string): string {
  const { limit, unit } = of(plans[0]!, what)!;
  return plans.every((plan) => of(plan, what)!.limit === limit) ? `${limit.toLocaleString('en-US')} ${unit}` : '';
}

const used = (bound: Bound) => (shareOf(bound) < 0.01 ? '< 1 %' : `${figure(Math.round(shareOf(bound) * 100))} %`);

/** How much of each bound each size uses, and what to do about those that come near at one of them. */
function bounds(plans: readonly Plan[]): string {
  const whats = boundsOf(plans.at(-1)!).map(({ what }) => what);
  const near = whats.flatMap((what) => {
    const worst = plans.flatMap((plan) => of(plan, what) ?? []).toSorted(byNearness)[0]!;
    return shareOf(worst) >= nearShare ? [`- ${what}: ${worst.action}.`] : [];
  });
  return [
    row(['used of', 'limit', ...plans.map(({ workload }) => count(workload.eventsPerSecond))]),
    row(['---', '---:', ...plans.map(() => '---:')]),
    ...whats.map((what) => row([what, limitText(plans, what), ...plans.map((plan) => used(of(plan, what)!))])),
    '',
    ...near,
  ].join('\n');
}

/** The generated part of docs/plan.md. A test holds the file to it. */
export async function planMarkdown(): Promise<string> {
  const plans = await Promise.all(
    rates.map((eventsPerSecond) => makePlan(workloadOf({ eventsPerSecond }), defaultSizing())),
  );
  const detailed = plans.find(({ workload }) => workload.eventsPerSecond === rateInFull)!;
  return [
    overview(plans),
    '',
    '### What ends first',
    '',
    bounds(plans),
    '',
    `### ${count(rateInFull)} events/s in full`,
    '',
    inFull(detailed),
  ].join('\n');
}
