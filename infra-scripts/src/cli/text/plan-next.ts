import { defaultSizing } from '../../plan/default-sizing.js';
import type { Plan } from '../../plan/plan.js';
import { asCalled } from './as-called.js';

/** What builds a plan, for `millrace up`: only what differs from what that takes by itself. */
function upOptionsOf(plan: Plan): string[] {
  const { sizing, spread } = plan;
  const standard = defaultSizing(sizing.balanced);
  const { capacity, kinesis } = plan[spread];
  const { servers, shards } = capacity;
  const gibibytes = (bytes: number) => Math.ceil(bytes / 2 ** 30);
  const options: [string, string | number, string | number | undefined][] = [
    ['--shards', kinesis === 'on-demand' ? 'on-demand' : shards, undefined],
    ...(sizing.balanced
      ? ([
          ['--min-servers', servers, 2],
          ['--max-servers', servers * 2, 4],
        ] as [string, number, number][])
      : []),
    ['--instance-type', sizing.instanceType, standard.instanceType],
    ['--spread', spread, 'visitor'],
    ['--linger-ms', sizing.lingerMs, standard.lingerMs],
    ['--buffer-size', sizing.bufferSizeMiB, standard.bufferSizeMiB],
    ['--buffer-seconds', sizing.bufferIntervalSeconds, standard.bufferIntervalSeconds],
    ['--retention-hours', sizing.retentionHours, standard.retentionHours],
    ['--spool-gib', gibibytes(sizing.spoolBytes), gibibytes(standard.spoolBytes)],
  ];
  const differing = options.filter(([, value, usual]) => value !== usual).map(([name, value]) => `${name} ${value}`);
  return [...(sizing.balanced ? [] : ['--trial']), ...differing];
}

/** The way from a plan to what would be created, for a person. */
export function nextText(plan: Plan): string {
  const options = upOptionsOf(plan).join(' ');
  const lines = [
    'Next (docs/on-aws.md):',
    `  millrace up --print-resources ${options}`,
    `  millrace up --print-template ${options} > plan.yaml`,
    `  millrace up ${options} --origins https://YOUR.SHOP`,
  ];
  return asCalled(lines.join('\n'));
}
