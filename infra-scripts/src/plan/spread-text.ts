import { type FiveKilobyteReading, readingNames } from './cost.js';
import { dollars, figure } from './figures.js';
import type { Plan } from './plan.js';
import type { Spread } from './workload.js';

const gives: Record<Spread, string> = {
  visitor: 'visitor keeps a visitor’s events in one shard.',
  even:
    'even puts a visitor’s events into several shards: the lake and its commands need no order there; a consumer of ' +
    'your own sorts by stream_id and seq (docs/ingest-server.md, Records and shards).',
};

/**
 * Which way to spread, what each costs, and what it gives up, for a person.
 * @param why why another one than the recommended
 */
export function spreadText(plan: Plan, why = 'as asked'): string {
  const { spread, recommendedSpread: recommended, workload } = plan;
  const at = `at ${figure(workload.eventsPerSecond)} events/s`;
  const choice = spread === recommended ? `as recommended ${at}` : `${why}; ${recommended} is recommended ${at}`;
  return [
    `Spread: ${spread}, ${choice}.`,
    `  ${costsText(plan, 'per record')}`,
    `  ${costsText(plan, 'per sub-record')}`,
    `  ${gives[spread]}`,
  ].join('\n');
}

function costsText({ visitor, even }: Plan, reading: FiveKilobyteReading): string {
  const [byVisitor, byEven] = [visitor.totals[reading], even.totals[reading]];
  const over = byVisitor / byEven - 1;
  const difference =
    Math.abs(over) < 0.0005
      ? 'they cost the same'
      : `visitor costs ${figure(Math.abs(over) * 100)} % ${over > 0 ? 'more' : 'less'}`;
  return `visitor ${dollars(byVisitor)} a month, even ${dollars(byEven)}, if 5 KB count per ${readingNames[reading]}: ${difference}.`;
}
