import { localAccountId as accountId, localRegion as region } from '@millrace/kit/local-aws';
import { type Catalogue, defaultCatalogue, defineCatalogue, limits, partitionCount } from '@millrace/sdk/schema';
import { z } from 'zod';
import { pipelineDefaults } from './defaults.js';

const mebibytes = z.int().min(64, 'must be at least 64: AWS takes no less with dynamic partitioning').max(128);
const seconds = z.int().min(60, 'must be at least 60: AWS takes no less with dynamic partitioning').max(900);

const settingsSchema = z.strictObject({
  /** The Kinesis stream. */
  stream: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,128}$/, 'must be 1 to 128 of a-z, A-Z, 0-9, _, . and -')
    .default(pipelineDefaults.stream),
  /** The Firehose delivery stream. */
  deliveryStream: z
    .string()
    .regex(/^[a-zA-Z0-9_.-]{1,64}$/, 'must be 1 to 64 of a-z, A-Z, 0-9, _, . and -')
    .default(pipelineDefaults.deliveryStream),
  /**
   * The lake: data lies at the bucket's root.
   * https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
   */
  bucket: z
    .string()
    .regex(/^(?!xn--)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, {
      error: 'must be 3 to 63 of a-z, 0-9, . and -, and begin and end with a letter or digit',
    })
    .default(pipelineDefaults.bucket),
  /** The Glue database and table that Athena queries. */
  database: z
    .string()
    .regex(/^[a-z0-9_]{1,255}$/, 'must be of a-z, 0-9 and _')
    .default(pipelineDefaults.database),
  table: z
    .string()
    .regex(/^[a-z0-9_]{1,255}$/, 'must be of a-z, 0-9 and _')
    .default(pipelineDefaults.table),
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be an AWS region, as eu-central-1')
    .default(region),
  accountId: z
    .string()
    .regex(/^\d{12}$/, "must be an AWS account's 12 digits")
    .default(accountId),
  /** The role that Firehose takes to read the stream and write the bucket. */
  deliveryRole: z
    .string()
    .regex(/^[\w+=,.@-]{1,64}$/, 'must be the name of an IAM role')
    .default(pipelineDefaults.deliveryRole),
  /** How many shards, or `on-demand`. */
  shards: z
    .custom<number | 'on-demand'>(
      (value) => value === 'on-demand' || (Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 20_000),
      "must be a number of shards from 1 to 20,000, or 'on-demand'",
    )
    .default(8),
  /** What an object holds at most before compression, in MiB. */
  bufferSizeMiB: mebibytes.default(pipelineDefaults.bufferSizeMiB),
  /** How long an event waits at most for its object, in seconds. */
  bufferIntervalSeconds: seconds.default(pipelineDefaults.bufferIntervalSeconds),
  compression: z
    .enum(['GZIP', 'UNCOMPRESSED'], {
      error: 'must be GZIP or UNCOMPRESSED: the lake can query both, and no other that Firehose writes as JSON Lines',
    })
    .default(pipelineDefaults.compression),
  /** What lies in the lake: JSON Lines, or Parquet that Firehose makes of them with the table's columns. */
  format: z.enum(['json', 'parquet'], { error: 'must be json or parquet' }).default('json'),
  /** How long the stream keeps an event: also how long a delivery may be down without loss. */
  retentionHours: z
    .int()
    .min(24, 'must be at least 24 hours')
    .max(8_760, 'must be at most 8,760 hours, a year')
    .default(pipelineDefaults.retentionHours),
  /** Adds `dt=2026-11-23/` after page and event, by the UTC day of arrival. */
  datePartition: z.boolean().default(false),
});

/** What a pipeline's owner decides; everything else about it follows. */
export interface PipelineSettings extends z.output<typeof settingsSchema> {
  /** The pages and events that are partitions of their own. */
  catalogue: Catalogue;
}

/**
 * Fills in what is not given and checks the whole.
 * @throws RangeError naming every setting that is wrong, with the reason.
 */
export function checkSettings(given: Partial<PipelineSettings> = {}): PipelineSettings {
  const { catalogue: declared, ...rest } = given;
  const catalogue = declared === undefined ? defaultCatalogue : defineCatalogue(declared);
  const checked = settingsSchema.safeParse(rest);
  if (!checked.success) {
    const wrong = checked.error.issues.map((issue) => `${issue.path.join('.') || 'the settings'}: ${issue.message}`);
    throw new RangeError(`the pipeline's settings are wrong: ${wrong.join('; ')}`);
  }
  const settings = { ...checked.data, catalogue };
  const partitions = partitionCount(catalogue);
  if (settings.datePartition && partitions * 2 > limits.activePartitions) {
    throw new RangeError(
      `the pipeline's settings are wrong: datePartition: over midnight UTC the partitions of two days are active, ` +
        `2 × ${partitions} with this catalogue, and Firehose keeps ${limits.activePartitions}. Declare fewer names or leave the date out.`,
    );
  }
  return settings;
}
