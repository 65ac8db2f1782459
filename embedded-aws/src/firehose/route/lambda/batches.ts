import type { SourceRecord } from '../../ports.js';
import type { SubRecord } from '../sub-record.js';

/** A sub-record on its way through a Lambda function. */
export interface LambdaRecord {
  /** Where it stands among the records, and among the sub-records of its record. */
  record: number;
  sub: number;
  subRecord: SubRecord;
  recordId: string;
  /** What the function gets. */
  sent: { recordId: string; approximateArrivalTimestamp: number; data: string; kinesisRecordMetadata?: object };
}

/** Whose records are batched, and how many bytes a batch holds. */
export interface BatchOptions {
  shardId: string;
  fromKinesis: boolean;
  /** Of the data of a batch, before base64. */
  maxBytes: number;
}

/** The sub-records that have not failed, in order, in batches. One that has failed ends the batch before it. */
export function batchesOf(
  records: readonly SourceRecord[],
  subRecords: readonly (readonly SubRecord[])[],
  { shardId, fromKinesis, maxBytes }: BatchOptions,
): LambdaRecord[][] {
  const batches: LambdaRecord[][] = [];
  let batch: LambdaRecord[] = [];
  let bytes = 0;
  const end = () => {
    if (batch.length > 0) batches.push(batch);
    batch = [];
    bytes = 0;
  };
  for (const [record, ofRecord] of subRecords.entries()) {
    for (const [sub, subRecord] of ofRecord.entries()) {
      if (subRecord.failure) {
        end();
        continue;
      }
      const data = subRecord.data.subarray(subRecord.start, subRecord.end);
      if (bytes + data.length > maxBytes) end();
      const source = records[record]!;
      const recordId = `${source.sequenceNumber}${String(sub).padStart(6, '0')}`;
      const sent = {
        recordId,
        approximateArrivalTimestamp: Math.round(source.arrivalMs),
        data: data.toString('base64'),
        ...(fromKinesis ? { kinesisRecordMetadata: metadataOf(shardId, source, sub) } : {}),
      };
      batch.push({ record, sub, subRecord, recordId, sent });
      bytes += data.length;
    }
  }
  end();
  return batches;
}

const metadataOf = (
  shardId: string,
  { partitionKey, arrivalMs, sequenceNumber }: SourceRecord,
  subsequenceNumber: number,
) => ({
  shardId,
  partitionKey,
  approximateArrivalTimestamp: Math.round(arrivalMs),
  sequenceNumber,
  subsequenceNumber,
});
