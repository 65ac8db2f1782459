/**
 * Where a price was read. Nothing was read from an AWS account, so each is to be checked against AWS's calculator
 * before it is signed.
 */
export type PriceSource =
  /** Price lists quoted in public in 2025 and 2026, most of them two that agree. */
  | 'price lists of 2025-26'
  /** One source, or an older one. */
  | 'one source'
  /** A list price known for years and not read again for this table. */
  | 'long-standing';

interface Price {
  /** US dollars for one `per`. */
  dollars: number;
  per: string;
  source: PriceSource;
}

const price = (dollars: number, per: string, source: PriceSource): Price => ({ dollars, per, source });

/**
 * All prices that `millrace plan` uses, in US dollars, without taxes, free tiers and discounts. GB are of 2^30
 * bytes.
 */
export const prices = {
  region: 'us-east-1',
  /** When the sources were last read. */
  asOf: '2026-11-23',

  kinesisShardHour: price(0.015, 'shard-hour', 'price lists of 2025-26'),
  kinesisPutUnit: price(0.014e-6, 'PUT payload unit of 25 KB', 'price lists of 2025-26'),
  kinesisOnDemandIn: price(0.08, 'GB in, each record rounded up to 1 KB', 'price lists of 2025-26'),
  kinesisOnDemandOut: price(0.04, 'GB out', 'one source'),
  kinesisOnDemandHour: price(0.04, 'stream-hour', 'one source'),
  kinesisShardRetentionHour: price(0.02, 'shard-hour beyond 24 hours, up to 7 days', 'one source'),
  kinesisOnDemandRetention: price(0.1, 'GB-month beyond 24 hours, up to 7 days', 'one source'),

  firehoseIngest: [
    { upToGB: 500 * 1024, ...price(0.029, 'GB, each record rounded up to 5 KB', 'price lists of 2025-26') },
    { upToGB: 2_000 * 1024, ...price(0.025, 'GB, each record rounded up to 5 KB', 'one source') },
    {
      upToGB: Number.POSITIVE_INFINITY,
      ...price(0.02, 'GB, each record rounded up to 5 KB', 'one source'),
    },
  ],
  firehoseConversion: price(0.018, 'GB converted to Parquet', 'price lists of 2025-26'),
  partitionedGB: price(0.02, 'GB delivered to partitions', 'one source'),
  partitionedObject: price(0.005e-3, 'object delivered to a partition', 'one source'),

  s3StorageMonth: price(0.023, 'GB-month, the first 50 TB', 'price lists of 2025-26'),
  s3Put: price(0.005e-3, 'PUT', 'long-standing'),
  athenaScan: price(5, 'TB scanned', 'long-standing'),

  instanceHour: {
    't3.micro': price(0.0104, 'hour', 'long-standing'),
    't3.small': price(0.0208, 'hour', 'long-standing'),
    't4g.small': price(0.0168, 'hour', 'long-standing'),
    'c6i.large': price(0.085, 'hour', 'long-standing'),
    'c7g.large': price(0.0725, 'hour', 'long-standing'),
  },
  volumeMonth: price(0.08, 'GB-month of gp3', 'long-standing'),
  addressHour: price(0.005, 'hour of a public IPv4 address', 'long-standing'),
  balancerHour: price(0.0225, 'hour of an Application Load Balancer', 'long-standing'),
  balancerUnitHour: price(0.008, 'capacity unit and hour (LCU)', 'long-standing'),
  alarmMonth: price(0.1, 'alarm and month', 'price lists of 2025-26'),
  dashboardMonth: price(3, 'dashboard and month', 'long-standing'),
  metricMonth: price(0.3, "metric of one's own and month", 'long-standing'),
} as const;

/** An EC2 instance type whose price is known. */
export type InstanceType = keyof typeof prices.instanceHour;

/** AWS's own calculator counts a month as 730 hours. */
export const hoursPerMonth = 730;
/** A month of 730 hours, as AWS counts it. */
export const secondsPerMonth = hoursPerMonth * 3_600;
