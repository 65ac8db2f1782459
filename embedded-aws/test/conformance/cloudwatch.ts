import { expect } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import type { Answer, Caller, Promised, World } from './caller.js';
import { deliveryStream } from './firehose.js';

/** A delivery stream that a record was put into, as a metric's dimension. */
async function measured(caller: Caller, world: World): Promise<object> {
  const { DeliveryStreamName } = await deliveryStream(caller, world);
  await caller.call('firehose', 'PutRecord', { DeliveryStreamName, Record: { Data: '{"page":"a","event":"b"}' } });
  return {
    Namespace: 'AWS/Firehose',
    MetricName: 'IncomingRecords',
    Dimensions: [{ Name: 'DeliveryStreamName', Value: DeliveryStreamName }],
  };
}

const span = () => ({
  StartTime: new Date(Date.now() - 3_600_000).toISOString(),
  EndTime: new Date(Date.now() + 60_000).toISOString(),
});

export const cloudwatch: Promised[] = [
  {
    line: 'ListMetrics shows the metrics of Data Firehose by namespace, name and dimension.',
    async check(caller, world) {
      const metric = await measured(caller, world);
      await eventually('the metric', async () => {
        const { Metrics } = await caller.call('cloudwatch', 'ListMetrics', metric);
        return Metrics.length === 1 && Metrics[0].MetricName === 'IncomingRecords';
      });
    },
  },
  {
    line: 'GetMetricStatistics gives sums, averages, minima, maxima and counts by period.',
    async check(caller, world) {
      const metric = await measured(caller, world);
      const { Datapoints } = await caller.call('cloudwatch', 'GetMetricStatistics', {
        ...metric,
        ...span(),
        Period: 3600,
        Statistics: ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'],
      });
      expect(Datapoints.reduce((sum: number, one: Answer) => sum + one.Sum, 0)).toBe(1);
      expect(Datapoints[0]).toMatchObject({ Unit: 'Count', Average: 1, Minimum: 1, Maximum: 1, SampleCount: 1 });
    },
  },
  {
    line: 'GetMetricData answers several metrics in one call, newest first or oldest first.',
    async check(caller, world) {
      const Metric = await measured(caller, world);
      const { MetricDataResults } = await caller.call('cloudwatch', 'GetMetricData', {
        ...span(),
        ScanBy: 'TimestampAscending',
        MetricDataQueries: ['Sum', 'Maximum'].map((Stat, index) => ({
          Id: `m${index}`,
          MetricStat: { Metric, Period: 60, Stat },
        })),
      });
      expect(MetricDataResults).toMatchObject([
        { Id: 'm0', Label: 'IncomingRecords', Values: [1], StatusCode: 'Complete' },
        { Id: 'm1', Values: [1] },
      ]);
    },
  },
  {
    line: 'Unsupported features of CloudWatch (expressions, alarms) are refused by name.',
    async check(caller) {
      await expect(
        caller.call('cloudwatch', 'GetMetricData', {
          ...span(),
          MetricDataQueries: [{ Id: 'e', Expression: 'SUM(METRICS())' }],
        }),
      ).rejects.toMatchObject({ message: expect.stringContaining('Expression') });
      await expect(caller.call('cloudwatch', 'DescribeAlarms')).rejects.toMatchObject({
        message: expect.stringMatching(/DescribeAlarms.*GetMetricData/),
      });
    },
  },
];
