import type { PipelineSettings } from '../pipeline/settings.js';
import { type Properties, sub } from './intrinsics.js';

/** What account and region add to a bucket's name, at most: `-123456789012-ap-southeast-1`. */
const longestEnding = 28;

/**
 * The lake's bucket: names are unique over all of AWS, so that the account's and the region's are in it. The template
 * names it by its name everywhere, because the bucket may be there from before.
 * @throws RangeError when no room is left for them.
 */
export function lakeName({ bucket }: Pick<PipelineSettings, 'bucket'>, accountId: string, region: string): string {
  if (bucket.length + longestEnding > 63) {
    throw new RangeError(
      `the pipeline's settings are wrong: bucket: ${JSON.stringify(bucket)} has ${bucket.length} characters; at most ${63 - longestEnding} leave room for the account and the region`,
    );
  }
  return `${bucket}-${accountId}-${region}`;
}

const inTemplate = (settings: PipelineSettings) => lakeName(settings, '${AWS::AccountId}', '${AWS::Region}');

/** The lake's name in the template. */
export const lakeBucket = (settings: PipelineSettings): Properties => sub(inTemplate(settings));
/** The lake's ARN, or with a path its objects'. */
export const lakeArn = (settings: PipelineSettings, path = ''): Properties =>
  sub(`arn:\${AWS::Partition}:s3:::${inTemplate(settings)}${path}`);

/** Where Athena puts its answers, in the lake's bucket; they go after a week. */
export const athenaResults = 'athena-results/';

/** Firehose's log group. */
export const deliveryLogGroup = ({ deliveryStream }: PipelineSettings) => `/aws/kinesisfirehose/${deliveryStream}`;
/** The ingest servers' log group. */
export const ingestLogGroup = ({ stream }: PipelineSettings) => `/millrace/${stream}/ingest`;
/** Athena's work group. */
export const workGroup = ({ stream }: PipelineSettings) => `millrace-${stream.replaceAll('.', '-')}`;
/** Where the ingest servers' own figures are. */
export const metricNamespace = 'Millrace';
/** The port of the ingest server on its host. */
export const serverPort = 8080;
