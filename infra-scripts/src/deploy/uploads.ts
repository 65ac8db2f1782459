import { createHash } from 'node:crypto';
import {
  CreateBucketCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
  PutPublicAccessBlockCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { cloudOf } from '../pipeline/arns.js';
import { bucketInput } from '../pipeline/bucket.js';
import { overTlsOnly } from '../pipeline/bucket-policy.js';
import { definePipeline } from '../pipeline/definition.js';
import type { AwsClients } from '../targets/aws-clients.js';
import type { DesiredStack } from './desired-stack.js';
import type { Output } from './output.js';
import { ensureWriteKeys } from './write-keys.js';

/** Where releases and templates are put before a stack uses them. */
const releaseBucket = (accountId: string, region: string) => `millrace-releases-${accountId}-${region}`;

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

/** Whether this account has the bucket. */
export const bucketExists = (s3: S3Client, Bucket: string, accountId: string): Promise<boolean> =>
  // Of this account: a name that another account holds would answer 403.
  has(() => s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner: accountId })));

/** Creates the bucket for releases unless it exists: private, and over TLS only. */
async function ensureReleaseBucket(s3: S3Client, accountId: string, region: string): Promise<string> {
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
  const cloud = cloudOf(region);
  await s3.send(
    new PutBucketPolicyCommand({
      Bucket: bucket,
      Policy: JSON.stringify(overTlsOnly([`arn:${cloud}:s3:::${bucket}`, `arn:${cloud}:s3:::${bucket}/*`])),
    }),
  );
  return bucket;
}

/** Puts an object that is named for its content, unless it exists; returns whether it was put. */
async function ensureObject(s3: S3Client, Bucket: string, Key: string, Body: Buffer | string): Promise<boolean> {
  if (await has(() => s3.send(new HeadObjectCommand({ Bucket, Key })))) return false;
  await s3.send(new PutObjectCommand({ Bucket, Key, Body }));
  return true;
}

/** What a stack needs before CloudFormation sees it. */
export interface Uploads {
  bucket: string;
  /** The release's key in the bucket. */
  releaseKey: string;
  templateUrl: string;
  writeKeys: string[];
}

interface UploadOptions {
  clients: Pick<AwsClients, 's3' | 'ssm'>;
  region: string;
  output: Output;
  release: () => Promise<{ name: string; bytes: Buffer }>;
}

/** Ensures the write keys, and uploads the release and the template, each named for its content. */
export async function uploadForStack(
  { clients, region, output, release }: UploadOptions,
  { accountId, writeKeysParameter, templateYaml }: DesiredStack,
): Promise<Uploads> {
  const { keys, made } = await ensureWriteKeys(clients.ssm, writeKeysParameter);
  if (made) output.line(`write key: created, in the SSM parameter ${writeKeysParameter}`);
  const bucket = await ensureReleaseBucket(clients.s3, accountId, region);
  const { name, bytes } = await release();
  const uploaded = await ensureObject(clients.s3, bucket, name, bytes);
  output.line(`release ${name}: ${uploaded ? 'uploaded' : 'there'}`);
  const templateKey = `templates/${createHash('sha256').update(templateYaml).digest('hex').slice(0, 16)}.yaml`;
  await ensureObject(clients.s3, bucket, templateKey, templateYaml);
  const domain = cloudOf(region) === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com';
  return {
    bucket,
    releaseKey: name,
    templateUrl: `https://${bucket}.s3.${region}.${domain}/${templateKey}`,
    writeKeys: keys,
  };
}
