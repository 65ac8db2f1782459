import type { Pipeline } from '../pipeline/definition.js';
import { att, nothing, type Properties, type Resource, type Resources, ref, when } from './intrinsics.js';
import { metricNamespace } from './names.js';
import type { Size } from './size.js';

interface Alarm {
  comment: string;
  namespace: string;
  metric: string;
  statistic: 'Sum' | 'Maximum' | 'Minimum' | 'Average';
  dimensions: Properties;
  above?: number;
  below?: number;
  /** How many minutes of the last few must be bad. */
  minutes: [bad: number, of: number];
}

/** Events older than this wait too long for their object: the interval, Firehose's 1.5 × of it, and as much again. */
const staleSeconds = (intervalSeconds: number) => Math.max(300, intervalSeconds * 3);

/** The alarms. docs/runbook.md says what to do about each. */
export function alarmResources({ settings }: Pipeline, size: Size): Resources {
  const delivery = { DeliveryStreamName: ref('DeliveryStream') };
  const alarms: Record<string, Alarm> = {
    ThrottledAlarm: {
      comment: 'Kinesis refuses records: a hot shard, or too few of them. The servers keep trying, then spool.',
      namespace: 'AWS/Kinesis',
      metric: 'WriteProvisionedThroughputExceeded',
      statistic: 'Sum',
      dimensions: { StreamName: ref('Stream') },
      above: 0,
      minutes: [3, 5],
    },
    StaleAlarm: {
      comment: 'The oldest event that is not in the lake yet is too old.',
      namespace: 'AWS/Firehose',
      metric: 'DeliveryToS3.DataFreshness',
      statistic: 'Maximum',
      dimensions: delivery,
      above: staleSeconds(settings.bufferIntervalSeconds),
      minutes: [3, 5],
    },
    DeliveryFailsAlarm: {
      comment: 'Firehose cannot write to the lake.',
      namespace: 'AWS/Firehose',
      metric: 'DeliveryToS3.Success',
      statistic: 'Average',
      dimensions: delivery,
      below: 1,
      minutes: [3, 5],
    },
    BehindAlarm: {
      comment: 'Firehose is behind the stream: after the retention events would be gone.',
      namespace: 'AWS/Firehose',
      metric: 'KinesisMillisBehindLatest',
      statistic: 'Maximum',
      dimensions: delivery,
      above: (settings.retentionHours * 3_600_000) / 4,
      minutes: [5, 5],
    },
    PartitionsAlarm: {
      comment: 'More partitions are active than Firehose keeps: records go to errors/activePartitionExceeded/.',
      namespace: 'AWS/Firehose',
      metric: 'PartitionCountExceeded',
      statistic: 'Maximum',
      dimensions: delivery,
      above: 0,
      minutes: [1, 5],
    },
    SpoolAlarm: {
      comment: 'A server keeps events on its disk because Kinesis does not take them.',
      namespace: metricNamespace,
      metric: 'SpoolBytes',
      statistic: 'Maximum',
      dimensions: { Stack: ref('AWS::StackName') },
      above: 0,
      minutes: [5, 5],
    },
    SpoolDamagedAlarm: {
      comment: 'Events on the disk of a server were damaged: they are set aside until somebody brings them back.',
      namespace: metricNamespace,
      metric: 'SpoolSetAsideBytes',
      statistic: 'Maximum',
      dimensions: { Stack: ref('AWS::StackName') },
      above: 0,
      minutes: [1, 5],
    },
    ...(size === 'trial'
      ? {}
      : {
          ServerErrorsAlarm: {
            comment: 'The servers answer 5xx: the trackers keep their events and try again.',
            namespace: 'AWS/ApplicationELB',
            metric: 'HTTPCode_Target_5XX_Count',
            statistic: 'Sum',
            dimensions: { LoadBalancer: att('LoadBalancer', 'LoadBalancerFullName') },
            above: 0,
            minutes: [3, 5],
          },
          UnhealthyAlarm: {
            comment: 'A server gets no requests, because its /readyz does not answer 200.',
            namespace: 'AWS/ApplicationELB',
            metric: 'UnHealthyHostCount',
            statistic: 'Maximum',
            dimensions: {
              LoadBalancer: att('LoadBalancer', 'LoadBalancerFullName'),
              TargetGroup: att('ServerTargets', 'TargetGroupFullName'),
            },
            above: 0,
            minutes: [5, 5],
          },
        }),
  };
  return {
    AlarmTopic: {
      comment: 'Alarms go here; AWS asks the address to confirm.',
      Type: 'AWS::SNS::Topic',
      Condition: 'HasAlarmEmail',
      Properties: { Subscription: [{ Protocol: 'email', Endpoint: ref('AlarmEmail') }] },
    },
    ...Object.fromEntries(Object.entries(alarms).map(([name, alarm]) => [name, resourceOf(alarm)])),
  };
}

function resourceOf(alarm: Alarm): Resource {
  const toTopic = when('HasAlarmEmail', [ref('AlarmTopic')], nothing);
  return {
    comment: alarm.comment,
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `${alarm.comment} See docs/runbook.md.`,
      Namespace: alarm.namespace,
      MetricName: alarm.metric,
      Dimensions: Object.entries(alarm.dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: alarm.statistic,
      Period: 60,
      EvaluationPeriods: alarm.minutes[1],
      DatapointsToAlarm: alarm.minutes[0],
      ...(alarm.above === undefined
        ? { ComparisonOperator: 'LessThanThreshold', Threshold: alarm.below! }
        : { ComparisonOperator: 'GreaterThanThreshold', Threshold: alarm.above }),
      TreatMissingData: 'notBreaching',
      AlarmActions: toTopic,
      OKActions: toTopic,
    },
  };
}
