import type { Log } from '../service.js';
import { arnOf } from './description.js';

/** Says what a delivery stream cannot deliver, in the shape of the lines that Firehose writes to CloudWatch Logs. */
export type ErrorLog = (errorCode: string, message: string) => void;

/** What Firehose says of what S3 answers. https://docs.aws.amazon.com/firehose/latest/dev/monitoring-with-cloudwatch-logs.html */
const s3Messages: Record<string, string> = {
  NoSuchBucket: 'The specified bucket does not exist. Create the bucket or use a different bucket that does exist.',
  AccessDenied:
    'Access was denied. Ensure that the trust policy for the provided IAM role allows Firehose to assume the role, and the access policy allows access to the S3 bucket.',
};

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
  log: Log,
): { say: ErrorLog; reset(): void } {
  const said = new Set<string>();
  return {
    say(errorCode, message) {
      if (!options?.Enabled || said.has(errorCode)) return;
      said.add(errorCode);
      const { LogGroupName = `/aws/kinesisfirehose/${deliveryStream}`, LogStreamName = 'DestinationDelivery' } =
        options;
      const line = {
        deliveryStreamARN: arnOf(deliveryStream),
        destination,
        deliveryStreamVersionId: version,
        message,
        errorCode,
      };
      log(`${LogGroupName} ${LogStreamName} ${JSON.stringify(line)}`);
    },
    reset: () => said.clear(),
  };
}
