import type { BucketLocationConstraint, CreateBucketCommandInput } from '@aws-sdk/client-s3';
import type { PipelineSettings } from './settings.js';

/**
 * The lake's bucket. us-east-1 must not be named as a location.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export function bucketInput({ bucket, region }: PipelineSettings): CreateBucketCommandInput {
  return region === 'us-east-1'
    ? { Bucket: bucket }
    : { Bucket: bucket, CreateBucketConfiguration: { LocationConstraint: region as BucketLocationConstraint } };
}
