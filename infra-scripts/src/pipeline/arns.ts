import type { PipelineSettings } from './settings.js';

/** The ARN's second field: which of AWS's separate clouds a region is in. */
export function cloudOf(region: string): 'aws' | 'aws-cn' | 'aws-us-gov' {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/** The Kinesis stream's ARN. */
export function streamArn({ region, accountId, stream }: PipelineSettings): string {
  return `arn:${cloudOf(region)}:kinesis:${region}:${accountId}:stream/${stream}`;
}

/** The lake's ARN. */
export function bucketArn({ region, bucket }: PipelineSettings): string {
  return `arn:${cloudOf(region)}:s3:::${bucket}`;
}

/** The ARN of the role that Firehose takes. */
export function deliveryRoleArn({ region, accountId, deliveryRole }: PipelineSettings): string {
  return `arn:${cloudOf(region)}:iam::${accountId}:role/${deliveryRole}`;
}
