import type { MetricStore, Unit } from '../cloudwatch/metric-store.js';

/** https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-metrics.html */
export const metricUnits = {
  IncomingBytes: 'Bytes',
  IncomingRecords: 'Count',
  IncomingPutRequests: 'Count',
  ThrottledRecords: 'Count',
  'PutRecord.Bytes': 'Bytes',
  'PutRecord.Latency': 'Milliseconds',
  'PutRecord.Requests': 'Count',
  'PutRecordBatch.Bytes': 'Bytes',
  'PutRecordBatch.Latency': 'Milliseconds',
  'PutRecordBatch.Records': 'Count',
  'PutRecordBatch.Requests': 'Count',
  'DataReadFromKinesisStream.Bytes': 'Bytes',
  'DataReadFromKinesisStream.Records': 'Count',
  KinesisMillisBehindLatest: 'Milliseconds',
  ThrottledGetRecords: 'Count',
  ThrottledGetShardIterator: 'Count',
  ThrottledDescribeStream: 'Count',
  'JQProcessing.Duration': 'Milliseconds',
  'ExecuteProcessing.Duration': 'Milliseconds',
  'ExecuteProcessing.Success': 'Count',
  'SucceedProcessing.Bytes': 'Bytes',
  'SucceedProcessing.Records': 'Count',
  'SucceedConversion.Bytes': 'Bytes',
  'SucceedConversion.Records': 'Count',
  'FailedConversion.Bytes': 'Bytes',
  'FailedConversion.Records': 'Count',
  PartitionCount: 'Count',
  PartitionCountExceeded: 'Count',
  PerPartitionThroughput: 'Bytes/Second',
  'DeliveryToS3.Bytes': 'Bytes',
  'DeliveryToS3.DataFreshness': 'Seconds',
  'DeliveryToS3.ObjectCount': 'Count',
  'DeliveryToS3.Records': 'Count',
  'DeliveryToS3.Success': 'Count',
  'BackupToS3.Bytes': 'Bytes',
  'BackupToS3.DataFreshness': 'Seconds',
  'BackupToS3.Records': 'Count',
  'BackupToS3.Success': 'Count',
} as const satisfies Record<string, Unit>;

/** AWS's name of a metric. */
export type MetricName = keyof typeof metricUnits;

/** Takes the measurements of one delivery stream. */
export type Meter = (name: MetricName, value: number) => void;

/** Measures nothing. */
export const unmetered: Meter = () => undefined;

/** Measures into the store, under `AWS/Firehose`. */
export function meterOf(store: MetricStore, deliveryStream: string): Meter {
  const dimensions = { DeliveryStreamName: deliveryStream };
  return (name, value) => store.add({ namespace: 'AWS/Firehose', name, dimensions }, metricUnits[name], value);
}
