import { randomBytes } from 'node:crypto';
import type { RecordLog } from '../../record-log/record-log.js';
import type { Log } from '../../service.js';
import { causeOf, createFailureLog } from '../failure-log.js';

/**
 * Of all records of one PutRecordBatch:
 * https://docs.aws.amazon.com/firehose/latest/APIReference/API_PutRecordBatch.html
 */
export const maxBatchBytes = 4 * 1024 * 1024;
/** Of one record, in bytes. */
export const maxRecordBytes = 1000 * 1024;
/**
 * While S3 does not take objects, the log grows; from here on records are refused, as Firehose refuses them when it
 * cannot keep up.
 */
const maxBacklogBytes = 1024 * 1024 * 1024;

/** What became of one record. */
export type PutOutcome = { recordId: string } | { errorCode: string; errorMessage: string };

/** Puts records straight into one delivery stream. */
export interface DirectPut {
  /** One outcome for each record, in their order; those that have an id are on disk. */
  put(records: readonly Buffer[]): Promise<PutOutcome[]>;
}

const slowDown = {
  errorCode: 'ServiceUnavailableException',
  errorMessage: 'Slow down.',
};

/** @param now gives milliseconds since 1970 @param backlogBytes how much may wait for S3 */
export function createDirectPut(
  records: RecordLog,
  { log, now, backlogBytes = maxBacklogBytes }: { log: Log; now: () => number; backlogBytes?: number | undefined },
): DirectPut {
  const failureLog = createFailureLog(log, {
    failing: (cause) => `does not take records (${cause}): they are answered with ServiceUnavailableException`,
    working: () => 'takes records again',
  });
  return {
    async put(datas) {
      let room = backlogBytes - records.bytes();
      const taken: Buffer[] = [];
      const isTaken = datas.map((data) => {
        room -= data.length;
        if (room < 0) return false;
        taken.push(data);
        return true;
      });
      let failed = false;
      try {
        const arrivalMs = now();
        await records.append(taken.map((data) => ({ shard: 0, arrivalMs, key: '', data }))).stored;
        failureLog.recovered('disk');
      } catch (error) {
        failed = true;
        failureLog.failed('disk', causeOf(error));
      }
      if (room < 0) failureLog.failed('backlog', `${backlogBytes} bytes wait for S3`);
      else failureLog.recovered('backlog');
      return isTaken.map((one) => (one && !failed ? { recordId: recordId() } : slowDown));
    },
  };
}

/** Opaque, as long as Firehose's. */
const recordId = () => randomBytes(165).toString('base64');
