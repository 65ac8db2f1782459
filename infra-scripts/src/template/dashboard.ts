import type { Pipeline } from '../pipeline/definition.js';
import { type Resources, sub } from './intrinsics.js';
import { metricNamespace } from './names.js';
import type { Size } from './size.js';

type Metric = (string | { stat?: string; label?: string })[];

/** One page that shows the way of an event from left to right. */
export function dashboardResources({ settings }: Pipeline, size: Size): Resources {
  const stream = ['StreamName', settings.stream];
  const delivery = ['DeliveryStreamName', settings.deliveryStream];
  const balancer = ['LoadBalancer', '${LoadBalancer.LoadBalancerFullName}'];
  const charts: [title: string, ...metrics: Metric[]][] = [
    ...(size === 'trial'
      ? []
      : ([
          [
            'Requests',
            ['AWS/ApplicationELB', 'RequestCount', ...balancer, { stat: 'Sum' }],
            ['AWS/ApplicationELB', 'HTTPCode_Target_5XX_Count', ...balancer, { stat: 'Sum' }],
          ],
          ['Answer time', ['AWS/ApplicationELB', 'TargetResponseTime', ...balancer, { stat: 'p99' }]],
        ] as [string, ...Metric[]][])),
    ['Spool on the servers', [metricNamespace, 'SpoolBytes', 'Stack', '${AWS::StackName}', { stat: 'Maximum' }]],
    [
      'Records into the stream',
      ['AWS/Kinesis', 'IncomingRecords', ...stream, { stat: 'Sum' }],
      ['AWS/Kinesis', 'WriteProvisionedThroughputExceeded', ...stream, { stat: 'Sum' }],
    ],
    ['Bytes into the stream', ['AWS/Kinesis', 'IncomingBytes', ...stream, { stat: 'Sum' }]],
    [
      'Age of the oldest undelivered event, s',
      ['AWS/Firehose', 'DeliveryToS3.DataFreshness', ...delivery, { stat: 'Maximum' }],
    ],
    [
      'Delivery',
      ['AWS/Firehose', 'DeliveryToS3.Success', ...delivery, { stat: 'Average' }],
      ['AWS/Firehose', 'DeliveryToS3.ObjectCount', ...delivery, { stat: 'Sum' }],
    ],
    [
      'Partitions',
      ['AWS/Firehose', 'PartitionCount', ...delivery, { stat: 'Maximum' }],
      ['AWS/Firehose', 'PartitionCountExceeded', ...delivery, { stat: 'Maximum' }],
    ],
    ['jq, ms', ['AWS/Firehose', 'JQProcessing.Duration', ...delivery, { stat: 'Average' }]],
  ];
  const widgets = charts.map(([title, ...metrics], at) => ({
    type: 'metric',
    x: (at % 3) * 8,
    y: Math.floor(at / 3) * 6,
    width: 8,
    height: 6,
    properties: { title, region: '${AWS::Region}', view: 'timeSeries', period: 60, metrics },
  }));
  return {
    Dashboard: {
      comment: 'Each step of an event, on one page.',
      Type: 'AWS::CloudWatch::Dashboard',
      Properties: { DashboardName: sub('${AWS::StackName}'), DashboardBody: sub(JSON.stringify({ widgets })) },
    },
  };
}
