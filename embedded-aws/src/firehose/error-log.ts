import type { Log } from '../service.js';
import { arnOf } from './arn.js';

/** Logs what a delivery stream cannot deliver, in the shape of the lines that Firehose writes to CloudWatch Logs. */
type ErrorLog = (errorCode: string, message: string) => void;

/**
 * Firehose's messages for S3's errors.
 * https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html
 */
const s3Messages: Record<string, string> = {
  NoSuchBucket: 'The specified bucket does not exist. Create the bucket or use a different bucket that does exist.',
  AccessDenied:
    'Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role, and the access policy allows access to the S3 bucket.',
};

/** Firehose's error code and message for an error of S3. */
export function s3Failure(error: unknown): [errorCode: string, message: string] {
  const { name, message } = error as Error;
  return [`S3.${name in s3Messages ? name : 'InternalError'}`, s3Messages[name] ?? message];
}

/** One line for each code until `reset`: Firehose samples its lines too. */
export function createErrorLog(
  { deliveryStream, destination, version }: { deliveryStream: string; destination: string; version: number },
  options:
    | { Enabled?: boolean | undefined; LogGroupName?: string | undefined; LogStreamName?: string | undefined }
    | undefined,
  output: Log,
): { log: ErrorLog; reset(): void } {
  const logged = new Set<string>();
  return {
    log(errorCode, message) {
      if (!options?.Enabled || logged.has(errorCode)) return;
      logged.add(errorCode);
      const { LogGroupName = `/aws/kinesisfirehose/${deliveryStream}`, LogStreamName = 'DestinationDelivery' } =
        options;
      const line = {
        deliveryStreamARN: arnOf(deliveryStream),
        destination,
        deliveryStreamVersionId: version,
        message,
        errorCode,
      };
      output(`${LogGroupName} ${LogStreamName} ${JSON.stringify(line)}`);
    },
    reset: () => logged.clear(),
  };
}
