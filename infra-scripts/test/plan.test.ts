import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from '@jest/globals';
import { inForm, leavesOut } from '@millrace/testing/long-form';
import fc from 'fast-check';
import { imageFor } from '../src/deploy/image.js';
import { withGenerated } from '../src/generated-part.js';
import { definePipeline } from '../src/pipeline/definition.js';
import { shareOf } from '../src/plan/bounds.js';
import { capacityOf, shardLimits } from '../src/plan/capacity.js';
import { costsOf } from '../src/plan/cost.js';
import { defaultSizing } from '../src/plan/default-sizing.js';
import { planMarkdown } from '../src/plan/markdown.js';
import { makePlan, type Plan } from '../src/plan/plan.js';
import { workloadOf } from '../src/plan/traffic.js';
import type { Sizing, Workload } from '../src/plan/workload.js';
import { sandbox } from './support/millrace.js';

/**
 * A table worked out by hand, apart from this code: 600-byte events, one by one and 40 in a record, 30 partitions all filled, 60 s and
 * 128 MiB, a partition key of about 32 bytes, 730 hours.
 */
const worked: Record<string, Record<string, [number, number]>> = {
  '1000': {
    recordsPerSecond: [1_000, 25],
    shardsBare: [1, 1],
    shards: [2, 1],
    callsPerSecond: [2, 0.06],
    provisioned: [59, 12],
    onDemand: [288, 208],
    ingestGB: [12_531, 1_566],
    ingest: [363, 45],
    ingestPerEvent: [363, 363],
    partitioning: [29, 29],
    objects: [1.31e6, 1.31e6],
    objectDollars: [6.57, 6.57],
    objectMiB: [1.15, 1.15],
    storage: [4.2, 4.2],
  },
  '50000': {
    recordsPerSecond: [50_000, 1_250],
    shardsBare: [50, 31],
    shards: [72, 43],
    callsPerSecond: [100, 2.9],
    provisioned: [2_628, 517],
    onDemand: [12_991, 8_986],
    ingestGB: [626_564, 78_321],
    ingest: [17_712, 2_271],
    ingestPerEvent: [17_712, 17_712],
    partitioning: [1_471, 1_471],
    objects: [1.31e6, 1.31e6],
    objectDollars: [6.57, 6.57],
    objectMiB: [57, 57],
    storage: [211, 211],
  },
  '1000000': {
    recordsPerSecond: [1_000_000, 25_000],
    shardsBare: [1_000, 602],
    shards: [1_429, 860],
    callsPerSecond: [2_000, 57],
    provisioned: [52_440, 10_337],
    onDemand: [259_270, 179_168],
    ingestGB: [12_531_281, 1_566_410],
    ingest: [262_914, 41_208],
    ingestPerEvent: [262_914, 262_914],
    partitioning: [29_419, 29_419],
    objects: [11.8e6, 11.8e6],
    objectDollars: [59, 59],
    objectMiB: [128, 128],
    storage: [4_229, 4_229],
  },
};

const tableSizing: Sizing = { ...defaultSizing(), bufferSizeMiB: 128, partitionKeyBytes: 32, eventsPerRecord: 40 };
const tableWorkload = (eventsPerSecond: number): Workload => ({
  eventsPerSecond,
  peakEventsPerSecond: eventsPerSecond,
  eventBytes: 600,
  filledPartitions: 30,
  possiblePartitions: 30,
});

function reckoned(workload: Workload, sizing: Sizing, mode: 'unpacked' | 'full'): Record<string, number> {
  const capacity = capacityOf(workload, sizing, mode);
  const costs = costsOf(workload, sizing, capacity);
  return {
    ...(capacity as unknown as Record<string, number>),
    provisioned: costs.kinesisProvisioned,
    onDemand: costs.kinesisOnDemand,
    ingestGB: costs.firehoseIngestGB['per record'],
    ingest: costs.firehoseIngest['per record'],
    ingestPerEvent: costs.firehoseIngest['per sub-record'],
    partitioning: costs.partitioning,
    objects: capacity.objectsPerMonth,
    objectDollars: costs.s3Puts,
    objectMiB: capacity.objectBytes / 2 ** 20,
    storage: costs.s3Storage,
  };
}

/** As precise as the figure is written: 1.15 means 1.145 to 1.155, and 1.31e6 by ten thousands. */
function tolerance(written: number): number {
  const [, decimals = ''] = String(written).split('.');
  if (written >= 1e6 && written % 10_000 === 0) return written >= 1e7 ? 50_000 : 5_000;
  return 0.5 * 10 ** -decimals.length + written * 1e-6;
}

describe('the arithmetic is that of the worked table', () => {
  test.each(Object.entries(worked))('%s events a second', (rate, rows) => {
    const workload = tableWorkload(Number(rate));
    const one = reckoned(workload, tableSizing, 'unpacked');
    const forty = reckoned(workload, tableSizing, 'full');
    const off = Object.entries(rows).flatMap(([name, written]) =>
      [one, forty].flatMap((found, at) => {
        const distance = Math.abs(found[name]! - written[at]!);
        return distance <= tolerance(written[at]!) ? [] : [`${name}: ${found[name]} is not ${written[at]}`];
      }),
    );
    expect(off).toEqual([]);
  });

  test('an interval of 300 s makes 263 k objects of 5.7 MiB at 1,000/s, and 588 k of 128 MiB at 50,000/s', () => {
    const sizing = { ...tableSizing, bufferIntervalSeconds: 300 };
    const small = capacityOf(tableWorkload(1_000), sizing, 'full');
    expect(Math.round(small.objectsPerMonth / 1_000)).toBe(263);
    expect(small.objectBytes / 2 ** 20).toBeCloseTo(5.7, 1);
    const large = capacityOf(tableWorkload(50_000), sizing, 'full');
    expect(Math.round(large.objectsPerMonth / 1_000)).toBe(588);
    expect(large.objectBytes / 2 ** 20).toBeCloseTo(128, 0);
  });
});

const workloads = fc
  .record({
    eventsPerSecond: fc.double({ min: 0.01, max: 2e6, noNaN: true }),
    peak: fc.double({ min: 1, max: 20, noNaN: true }),
    eventBytes: fc.integer({ min: 50, max: 16_384 }),
    pages: fc.integer({ min: 1, max: 30 }),
    events: fc.integer({ min: 1, max: 14 }),
  })
  .map(({ peak, ...rest }) => workloadOf({ ...rest, peakEventsPerSecond: rest.eventsPerSecond * peak }));

describe('whatever the traffic', () => {
  test(`the shards hold the peak with room to spare, and packing never takes more of them than one by one${leavesOut('30 of 100 runs')}`, () => {
    fc.assert(
      fc.property(workloads, (workload) => {
        const { packed, unpacked, full } = makePlan(workload, defaultSizing());
        for (const { capacity } of [packed, unpacked, full]) {
          const peak = workload.peakEventsPerSecond / workload.eventsPerSecond;
          expect(capacity.recordsPerSecond * peak).toBeLessThanOrEqual(
            capacity.shards * shardLimits.recordsPerSecond * 0.7001,
          );
          expect(capacity.streamBytesPerSecond * peak).toBeLessThanOrEqual(
            capacity.shards * shardLimits.bytesPerSecond * 0.7001,
          );
          expect(capacity.recordBytes).toBeLessThanOrEqual(1_000 * 1_024);
          expect(capacity.objectBytes).toBeLessThanOrEqual(64 * 2 ** 20 + 1);
        }
        // A newline an event is what packing adds.
        expect(packed.capacity.shards).toBeLessThanOrEqual(Math.ceil(unpacked.capacity.shards * 1.03));
      }),
      { numRuns: inForm(30, 100) },
    );
  });

  test(`more traffic never costs less${leavesOut('30 of 100 runs')}`, () => {
    fc.assert(
      fc.property(workloads, fc.double({ min: 1, max: 3, noNaN: true }), (workload, factor) => {
        const more = {
          ...workload,
          eventsPerSecond: workload.eventsPerSecond * factor,
          peakEventsPerSecond: workload.peakEventsPerSecond * factor,
        };
        const total = (each: Workload) => makePlan(each, defaultSizing()).unpacked.totals['per record'];
        expect(total(more)).toBeGreaterThanOrEqual(total(workload) * 0.9999);
      }),
      { numRuns: inForm(30, 100) },
    );
  });
});

describe('what ends first', () => {
  test('more names than partitions that may be active: the quota is named as one to raise', () => {
    const plan = makePlan(workloadOf({ eventsPerSecond: 10, pages: 30, events: 20 }), defaultSizing());
    const vcpus = 'vCPUs of running instances, in a new account';
    const names = (each: Plan) => each.quotasToRaise.map(({ what }) => what).toSorted();
    expect(names(plan)).toEqual(['active partitions of the delivery stream', vcpus]);
    // Two servers and the one that a change brings: a new account has no room for it. A trial fits.
    expect(names(makePlan(workloadOf({ eventsPerSecond: 10 }), defaultSizing()))).toEqual([vcpus]);
    expect(names(makePlan(workloadOf({ eventsPerSecond: 10 }), defaultSizing(false)))).toEqual([]);
  });

  test('more shards than a region gives: the quota is named', () => {
    const plan = makePlan(workloadOf({ eventsPerSecond: 20e6 }), defaultSizing());
    expect(plan.quotasToRaise.map(({ what }) => what)).toContain('shards in the region');
  });

  test('a spool that holds no hour without Kinesis is told, one that does is not', () => {
    const spool = (spoolBytes: number) =>
      makePlan(workloadOf({ eventsPerSecond: 1_000 }), { ...defaultSizing(), spoolBytes }).packed.bounds.find(
        ({ what }) => what.includes('spool'),
      )!;
    expect(shareOf(spool(2 ** 30))).toBeGreaterThan(1);
    expect(shareOf(spool(8 * 2 ** 30))).toBeLessThan(1);
  });

  test('many servers with many lanes each send small records: the plan says what full ones would save', () => {
    const { packed, full } = makePlan(workloadOf({ eventsPerSecond: 50_000 }), defaultSizing());
    expect(packed.capacity.eventsPerRecord).toBeLessThan(full.capacity.eventsPerRecord / 4);
    expect(packed.bounds[0]).toMatchObject({ what: 'lanes that the rate fills', action: expect.stringContaining('$') });
    const few = makePlan(workloadOf({ eventsPerSecond: 4_000 }), { ...defaultSizing(), servers: 1, lingerMs: 100 });
    expect(few.packed.bounds.map(({ what }) => what)).not.toContain('lanes that the rate fills');
  });

  test('a peak far above the mean makes on demand the cheaper stream, and then its start is a bound', () => {
    const { packed } = makePlan(workloadOf({ eventsPerSecond: 5, peakEventsPerSecond: 50_000 }), defaultSizing());
    expect(packed.kinesis).toBe('on-demand');
    expect(packed.bounds.map(({ what }) => what)).toContain('a new on-demand stream, records');
  });
});

test('the buffers and the stream that are planned are those that are defined', () => {
  const { settings } = definePipeline();
  expect(defaultSizing()).toMatchObject({
    bufferSizeMiB: settings.bufferSizeMiB,
    bufferIntervalSeconds: settings.bufferIntervalSeconds,
  });
});

test('docs/plan.md has the table that is reckoned here', () => {
  const file = new URL('../../../docs/plan.md', import.meta.url);
  const text = readFileSync(file, 'utf8');
  // If not: node infra-scripts/dist/src/write-generated.js
  expect(text).toBe(withGenerated(text, planMarkdown()));
  expect(() => withGenerated('no place', 'x')).toThrow(/there is no/);
});

describe('millrace plan', () => {
  const box = sandbox();
  afterAll(() => box.remove());

  test('prints what flows, what it costs and what ends first', async () => {
    const { code, stdout, stderr } = await box.run(['plan', '--events-per-second', '1000']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/records\/s into the stream\s+1,000\s/);
    expect(stdout).toMatch(/Firehose ingest, 5 KB per record\s+\$363\s/);
    expect(stdout).toContain('What ends first');
    expect(stdout).toContain('Nothing was measured on AWS');
  });

  test('--json is the whole plan', async () => {
    const { stdout } = await box.run(['plan', '--events-per-second', '1000', '--peak', '3000', '--trial', '--json']);
    const plan = JSON.parse(stdout);
    expect(plan).toEqual(
      JSON.parse(
        JSON.stringify(
          makePlan(workloadOf({ eventsPerSecond: 1_000, peakEventsPerSecond: 3_000 }), {
            ...defaultSizing(false),
          }),
        ),
      ),
    );
    expect(plan.packed.costs.loadBalancer).toBe(0);
  });

  test('ends with the commands that build it, which millrace up takes', async () => {
    const { stdout } = await box.run([
      'plan',
      '--events-per-second',
      '30000',
      '--instance-type',
      'c7g.large',
      '--linger-ms',
      '80',
    ]);
    const commands = stdout.split('Next (docs/on-aws.md):')[1]!.match(/millrace up .*/g)!;
    expect(commands).toHaveLength(3);
    expect(commands[0]).toMatch(
      /--print-resources --shards \d+ --min-servers 12 --max-servers 24 --instance-type c7g\.large --linger-ms 80$/,
    );
    const listed = await box.run(commands[0]!.split(' ').slice(1));
    expect(listed.code).toBe(0);
    expect(listed.stdout).toMatch(/^DeliveryRole \(AWS::IAM::Role\): The permissions of Firehose/m);
    expect(listed.stdout.trim().split('\n').length).toBeGreaterThan(40);
    const trial = await box.run(['plan', '--events-per-second', '1', '--trial']);
    expect(trial.stdout).toContain('millrace up --print-resources --trial --shards 1\n');
  });

  test('servers of AWS’s own processor get an image for it', () => {
    for (const type of ['c7g.large', 't4g.small', 'm6gd.xlarge']) expect(imageFor(type)).toMatch(/-arm64$/);
    for (const type of ['c6i.large', 't3.micro', 'g4dn.xlarge']) expect(imageFor(type)).toMatch(/-x86_64$/);
  });

  test.each([
    [['plan'], /events-per-second/],
    [['plan', '--events-per-second', '-1'], /above 0/],
    [['plan', '--events-per-second', '10', '--peak', '5'], /the peak must not be below the mean/],
    [['plan', '--events-per-second', '10', '--events-per-record', '501'], /1 to 500 events/],
    [['plan', '--events-per-second', '10', '--buffer-size', '5'], /from 64 to 128/],
  ])('%j is called wrongly', async (args, message) => {
    const { code, stderr } = await box.run(args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
