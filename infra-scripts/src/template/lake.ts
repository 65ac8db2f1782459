import { overTlsOnly } from '../pipeline/bucket-policy.js';
import type { Pipeline } from '../pipeline/definition.js';
import type { Resources } from './intrinsics.js';
import { athenaResults, lakeArn, lakeBucket } from './names.js';

/** The bucket, and that nothing but TLS gets at it. Neither goes with the stack. */
export function lakeResources({ settings }: Pipeline): Resources {
  return {
    LakeBucket: {
      comment:
        'The lake: data at the root under page=…/event=…/, what could not be delivered under errors/. Stays when the stack goes.',
      Type: 'AWS::S3::Bucket',
      Condition: 'CreateLake',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketName: lakeBucket(settings),
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [
            {
              Id: 'what-was-overwritten-or-deleted-goes-after-30-days',
              Status: 'Enabled',
              NoncurrentVersionExpiration: { NoncurrentDays: 30 },
            },
            {
              Id: 'uploads-that-were-broken-off-go-after-7-days',
              Status: 'Enabled',
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
            },
            { Id: 'athena-results-go-after-7-days', Status: 'Enabled', Prefix: athenaResults, ExpirationInDays: 7 },
          ],
        },
      },
    },
    LakeBucketPolicy: {
      comment: 'Denies every request without TLS.',
      Type: 'AWS::S3::BucketPolicy',
      Condition: 'CreateLake',
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      DependsOn: ['LakeBucket'],
      Properties: {
        Bucket: lakeBucket(settings),
        PolicyDocument: overTlsOnly([lakeArn(settings), lakeArn(settings, '/*')]),
      },
    },
  };
}
