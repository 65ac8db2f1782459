import { randomUUID } from 'node:crypto';
import { backoffMs } from '@millrace/kit/backoff';
import { localRegion } from '@millrace/kit/local-aws';
import { arnOf } from '../../arn.js';
import type { DeliveryConfiguration, LambdaConfiguration } from '../../config/delivery-configuration.js';
import { causeOf } from '../../failure-log.js';
import type { Meter } from '../../meter.js';
import type { DeliveryClock, SourceRecord } from '../../ports.js';
import type { Failure } from '../failure.js';
import type { SubRecord } from '../sub-record.js';
import { batchesOf, type LambdaRecord } from './batches.js';
import { answersById, type Outcome, outcomeOf } from './outcome.js';

/** Takes the sub-records of records through a Lambda function. One that it drops is gone, one that fails says why. */
export type Transform = (
  shardId: string,
  records: readonly SourceRecord[],
  subRecords: readonly (readonly SubRecord[])[],
  signal: AbortSignal,
) => Promise<SubRecord[][]>;

/** The options of `createTransform`. */
export interface TransformOptions {
  configuration: DeliveryConfiguration;
  lambda: LambdaConfiguration;
  deliveryStream: string;
  /** Of the Kinesis stream that records come from. */
  sourceArn?: string | undefined;
  clock: DeliveryClock;
  meter: Meter;
  /** Logs what goes to the error prefix, by its code. */
  logError: (errorCode: string, message: string) => void;
}

/** https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
export function createTransform(options: TransformOptions): Transform {
  const { configuration, lambda, sourceArn, meter, logError } = options;

  function failure(errorCode: string, errorMessage: string, attemptsMade = 1): Failure {
    logError(errorCode, errorMessage);
    return { errorType: 'processing-failed', errorCode, errorMessage, attemptsMade, lambdaARN: lambda.arn };
  }

  function transformed(subRecord: SubRecord, outcome: Outcome): SubRecord | undefined {
    if (outcome.kind === 'dropped') return undefined;
    if (outcome.kind === 'failed') return { ...subRecord, failure: failure(outcome.errorCode, outcome.errorMessage) };
    meter('SucceedProcessing.Records', 1);
    meter('SucceedProcessing.Bytes', outcome.subRecord.data.length);
    return outcome.subRecord;
  }

  return async (shardId, records, subRecords, signal) => {
    // Those that have failed already stay in their places.
    const results: (SubRecord | undefined)[][] = subRecords.map((ofRecord) =>
      ofRecord.map((subRecord) => (subRecord.failure ? subRecord : undefined)),
    );
    const limits = { shardId, fromKinesis: sourceArn !== undefined, maxBytes: lambda.batchBytes };
    for (const batch of batchesOf(records, subRecords, limits)) {
      const answer = await invoke(options, batch, signal);
      for (const { record, sub, subRecord, recordId } of batch)
        results[record]![sub] =
          'error' in answer
            ? { ...subRecord, failure: failure('Lambda.FunctionError', answer.error, answer.attempts) }
            : transformed(subRecord, outcomeOf(configuration, answer.byId.get(recordId)));
    }
    return results.map((ofRecord) => ofRecord.filter((result) => result !== undefined));
  };
}

type Answer = { byId: Map<unknown, unknown[]> } | { error: string; attempts: number };

/** Calls the function until it answers, as often as is configured. @throws when `signal` aborts */
async function invoke(
  { lambda, deliveryStream, sourceArn, clock, meter }: TransformOptions,
  batch: readonly LambdaRecord[],
  signal: AbortSignal,
): Promise<Answer> {
  const event = {
    invocationId: randomUUID(),
    deliveryStreamArn: arnOf(deliveryStream),
    ...(sourceArn ? { sourceKinesisStreamArn: sourceArn } : {}),
    region: localRegion,
    records: batch.map(({ sent }) => sent),
  };
  for (let attempt = 1; ; attempt++) {
    const begun = clock.wallMs();
    try {
      const byId = answersById(await lambda.call(event, signal));
      meter('ExecuteProcessing.Duration', clock.wallMs() - begun);
      meter('ExecuteProcessing.Success', 1);
      return { byId };
    } catch (error) {
      signal.throwIfAborted();
      meter('ExecuteProcessing.Success', 0);
      if (attempt > lambda.retries)
        return { error: `The Lambda function was invoked and failed: ${causeOf(error)}`, attempts: attempt };
      await clock.sleep(backoffMs(attempt, { baseMs: 100, capMs: 5_000, fixedShare: 0.5 }), signal);
    }
  }
}
