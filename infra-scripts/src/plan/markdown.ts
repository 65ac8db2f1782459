import { nearShare, shareOf } from './bounds.js';
import { count } from './figures.js';
import type { Plan } from './plan.js';
import { boundText, capacityRows, columnNames, costRows, ways } from './rows.js';
import { documentedPlans } from './traffic.js';

const row = (cells: string[]) => `| ${cells.join(' | ')} |`;

function table(plan: Plan): string {
  return [
    row(['', ...ways.map((way) => columnNames[way])]),
    row(['---', ...ways.map(() => '---:')]),
    ...capacityRows(plan).map((each) => row([each.what, ...ways.map((way) => each[way])])),
    row(['**dollars a month**', ...ways.map(() => '')]),
    ...costRows(plan).map((each) => row([each.what, ...ways.map((way) => each[way])])),
  ].join('\n');
}

function whatEnds({ workload, packed }: Plan): string {
  const near = packed.bounds.filter((bound) => shareOf(bound) >= nearShare);
  const told = near.length > 0 ? near : packed.bounds.slice(0, 1);
  const items = told.map((bound) => `- ${boundText(bound)}: ${bound.action}.`);
  return [`What ends first at ${count(workload.eventsPerSecond)} events/s:`, '', ...items].join('\n');
}

/** The generated part of docs/plan.md. A test holds the file to it. */
export function planMarkdown(): string {
  return documentedPlans()
    .map((plan) =>
      [`### ${count(plan.workload.eventsPerSecond)} events/s`, '', table(plan), '', whatEnds(plan)].join('\n'),
    )
    .join('\n\n');
}
