import type { Pipeline } from '../pipeline/definition.js';
import { asProperties, type Resources } from './intrinsics.js';

/**
 * The Kinesis stream.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kinesis-stream.html
 */
export function streamResources({ stream, settings }: Pipeline): Resources {
  const { StreamName, ...rest } = stream;
  return {
    Stream: {
      comment:
        'Takes the packed records. Encrypted with the key that AWS manages for Kinesis: no further permission is needed.',
      Type: 'AWS::Kinesis::Stream',
      Properties: {
        Name: StreamName!,
        ...asProperties(rest),
        RetentionPeriodHours: settings.retentionHours,
        StreamEncryption: { EncryptionType: 'KMS', KeyId: 'alias/aws/kinesis' },
      },
    },
  };
}
