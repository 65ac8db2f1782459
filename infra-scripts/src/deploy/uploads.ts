import {
  CreateBucketCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { bucketInput } from '../pipeline/bucket.js';
import { overTlsOnly } from '../pipeline/bucket-policy.js';
import { definePipeline } from '../pipeline/definition.js';

/** Where releases and templates are put before a stack uses them. */
export const releaseBucket = (accountId: string, region: string) => `millrace-releases-${accountId}-${region}`;

const statusOf = (error: unknown) => (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

async function has(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    if (statusOf(error) === 404) return false;
    throw error;
  }
}

export const bucketExists = (s3: S3Client, Bucket: string, accountId: string): Promise<boolean> =>
  // Of this account: a name that another account holds would answer 403.
  has(() => s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: accountId })));

/** Makes the bucket for releases when it is not there: private, and over TLS only. */
export async function haveReleaseBucket(s3: S3Client, accountId: string, region: string): Promise<string> {
  const bucket = releaseBucket(accountId, region);
  if (!(await bucketExists(s3, bucket, accountId))) {
    await s3.send(new CreateBucketCommand(bucketInput({ ...definePipeline().settings, bucket, region })));
  }
  // Again each time: an earlier run may have been stopped between these calls.
  await s3.send(
    new PutPublicAccessBlockCommand({
      Bucket: bucket,
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    }),
  );
  const cloud = region.startsWith('cn-') ? 'aws-cn' : region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  await s3.send(
    new PutBucketPolicyCommand({
      Bucket: bucket,
      Policy: JSON.stringify(overTlsOnly([`arn:${cloud}:s3:::${bucket}`, `arn:${cloud}:s3:::${bucket}/*`])),
    }),
  );
  return bucket;
}

/** Puts an object that is named for its content, unless it is there. */
export async function haveObject(s3: S3Client, Bucket: string, Key: string, Body: Buffer | string): Promise<boolean> {
  if (await has(() => s3.send(new HeadObjectCommand({ Bucket, Key })))) return false;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  return true;
}
