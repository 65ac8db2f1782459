import { nearShare, shareOf } from '../../plan/bounds.js';
import { dollars, figure } from '../../plan/figures.js';
import type { Plan } from '../../plan/plan.js';
import { boundText, capacityRows, columnNames, costRows, type Row, ways } from '../../plan/rows.js';
import { spreadText } from '../../plan/spread-text.js';
import { sizeOfRequests } from '../../plan/workload.js';
import { renderTable } from './table.js';

const table = (rows: Row[], what: string) =>
  renderTable(
    [{ name: what }, ...ways.map((way) => ({ name: columnNames[way], align: 'right' as const }))],
    rows.map((row) => [row.what, ...ways.map((way) => row[way])]),
  );

/** `1 to 10 in a request`; how many events requests have does not matter where the records are given. */
function requestsText({ workload, sizing }: Plan): string {
  if (sizing.eventsPerRecord !== undefined) return `${figure(sizing.eventsPerRecord)} in a record`;
  const { least, most } = sizeOfRequests(workload.eventsPerRequest);
  return least === most ? `${least} in a request` : `${least} to ${most} in a request`;
}

/** The plan for a person. */
export function planText(plan: Plan): string {
  const { workload, spread, sizing } = plan;
  const { kinesis, bounds, athenaScanOfAMonth } = plan[spread];
  const near = bounds.filter((bound) => shareOf(bound) >= nearShare);
  const rest = bounds.filter((bound) => shareOf(bound) < nearShare);
  return [
    `${figure(workload.eventsPerSecond)} events/s (${figure(workload.peakEventsPerSecond)} at the peak) of ${figure(workload.eventBytes)} bytes, ${requestsText(plan)}, ` +
      `linger ${sizing.lingerMs} ms, ${sizing.bufferSizeMiB} MiB / ${sizing.bufferIntervalSeconds} s buffers, ${sizing.instanceType}, ${sizing.region}`,
    '',
    table(capacityRows(plan), 'what flows, at the mean rate'),
    '',
    table(costRows(plan), 'dollars a month'),
    '',
    spreadText(plan),
    '',
    `Totals take Kinesis ${kinesis === 'provisioned' ? 'with shards' : 'on demand'}, the cheaper one here. One scan of a month's events in Athena: ${dollars(athenaScanOfAMonth)}.`,
    'visitor and even are simulated: one of the servers, with its own code, in virtual time, where a call to Kinesis takes 16 ms in the mean.',
    'Firehose counts a record up to the next 5 KB. AWS does not document whether a record that Firehose splits counts once or once an event: budget for the more expensive line.',
    `Not in the sum: ${plan.notInTheSum.join('; ')}.`,
    '',
    near.length > 0
      ? `What ends first, spread by ${spread}:`
      : `Nothing is near its end, spread by ${spread}. The nearest:`,
    ...(near.length > 0 ? near : rest.slice(0, 1)).map((bound) => `  ${boundText(bound)}\n    ${bound.action}`),
    ...(near.length > 0 ? rest.slice(0, 2).map((bound) => `  ${boundText(bound)}`) : []),
    '',
    plan.quotasToRaise.length > 0
      ? `Quotas to raise before the first event: ${plan.quotasToRaise.map(({ what }) => what).join(', ')}.`
      : 'No quota of AWS needs raising.',
    `Prices: ${sizing.region}, read on ${plan.pricesAsOf} from public copies. Nothing was measured on AWS.`,
  ].join('\n');
}
