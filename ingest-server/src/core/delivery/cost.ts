/** Prices of us-east-1, in dollars, November 2026; other regions differ by a few per cent. */
const prices = { perMillionPayloadUnits: 0.014, perFirehoseGb: 0.029 } as const;
/** The bytes of a PUT payload unit of a provisioned stream. */
export const payloadUnitBytes = 25_000;
const firehoseStepBytes = 5 * 1024;
const dollarsPerUnit = prices.perMillionPayloadUnits / 1e6;
const dollarsPerStep = (firehoseStepBytes / 2 ** 30) * prices.perFirehoseGb;

/** What one record is billed as: a provisioned stream counts PUT payload units, Firehose rounds up to 5 KB. */
export function billed(recordBytes: number): { payloadUnits: number; firehoseBytes: number } {
  return {
    payloadUnits: Math.ceil(recordBytes / payloadUnitBytes),
    firehoseBytes: Math.ceil(recordBytes / firehoseStepBytes) * firehoseStepBytes,
  };
}

/** Dollars for a sum of that, without shard hours, partitioning, objects and storage, which packing does not change. */
export function dollars(sum: { payloadUnits: number; firehoseBytes: number }): { kinesis: number; firehose: number } {
  return {
    kinesis: (sum.payloadUnits / 1e6) * prices.perMillionPayloadUnits,
    firehose: (sum.firehoseBytes / 2 ** 30) * prices.perFirehoseGb,
  };
}

/** The dollars of one record. */
export const dollarsOfRecord = (bytes: number): number =>
  Math.ceil(bytes / payloadUnitBytes) * dollarsPerUnit + Math.ceil(bytes / firehoseStepBytes) * dollarsPerStep;
