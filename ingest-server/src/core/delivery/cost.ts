/** Prices of us-east-1, in dollars, November 2026; the other regions differ by some per cent. */
const prices = { perMillionPayloadUnits: 0.014, perFirehoseGb: 0.029 } as const;
/** A PUT payload unit of a provisioned stream. */
export const payloadUnitBytes = 25_000;
const firehoseStepBytes = 5 * 1024;

/** What one record is billed for: a provisioned stream counts PUT payload units of 25 KB, Firehose rounds each record up to 5 KB. */
export function billed(recordBytes: number): { payloadUnits: number; firehoseBytes: number } {
  return {
    payloadUnits: Math.ceil(recordBytes / payloadUnitBytes),
    firehoseBytes: Math.ceil(recordBytes / firehoseStepBytes) * firehoseStepBytes,
  };
}

/** Dollars for so much: shard hours, partitioning, objects and storage are not in it, for they do not depend on how records are packed. */
export function dollars(sum: { payloadUnits: number; firehoseBytes: number }): { kinesis: number; firehose: number } {
  return {
    kinesis: (sum.payloadUnits / 1e6) * prices.perMillionPayloadUnits,
    firehose: (sum.firehoseBytes / 2 ** 30) * prices.perFirehoseGb,
  };
}
