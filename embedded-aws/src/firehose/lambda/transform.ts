import { randomUUID } from 'node:crypto';
import { localRegion as region } from '@millrace/kit/local-aws';
import type { Clock } from '../clock.js';
import { arnOf } from '../description.js';
import type { Failure } from '../failure.js';
import type { Meter } from '../meter.js';
import type { DeliveryPlan, LambdaPlan } from '../plan.js';
import { type Part, parsed, readsJson, type SourceRecord } from '../process-records.js';
import { backoffMs, causeOf } from '../trouble.js';
import type { LambdaFunction } from './functions.js';

/** Takes the parts of records through a Lambda function. A part that it drops is gone, one that fails says why. */
export type Transform = (
  shardId: string,
  records: readonly SourceRecord[],
  parts: readonly (readonly Part[])[],
  signal: AbortSignal,
) => Promise<Part[][]>;

interface Waiting {
  record: number;
  part: Part;
  recordId: string;
  sent: { recordId: string; approximateArrivalTimestamp: number; data: string; kinesisRecordMetadata?: object };
}

/** https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html */
export function createTransform({
  plan,
  lambda,
  call,
  deliveryStream,
  sourceArn,
  clock,
  meter,
  failed,
}: {
  plan: DeliveryPlan;
  lambda: LambdaPlan;
  call: LambdaFunction;
  deliveryStream: string;
  sourceArn?: string | undefined;
  clock: Clock;
  meter: Meter;
  /** Told what goes to the error prefix, by its code. */
  failed: (errorCode: string, message: string) => void;
}): Transform {
  async function invoke(batch: readonly Waiting[], signal: AbortSignal): Promise<(Part | undefined)[]> {
    const event = {
      invocationId: randomUUID(),
      deliveryStreamArn: arnOf(deliveryStream),
      ...(sourceArn ? { sourceKinesisStreamArn: sourceArn } : {}),
      region,
      records: batch.map(({ sent }) => sent),
    };
    for (let attempt = 1; ; attempt++) {
      const begun = clock.now();
      try {
        const answers = answersById(await call(event, signal));
        meter('ExecuteProcessing.Duration', clock.now() - begun);
        meter('ExecuteProcessing.Success', 1);
        return batch.map((waiting) => outcome(waiting, answers.get(waiting.recordId)));
      } catch (error) {
        signal.throwIfAborted();
        meter('ExecuteProcessing.Success', 0);
        if (attempt <= lambda.retries) {
          await clock.sleep(backoffMs(attempt, 100, 5_000), signal);
          continue;
        }
        const failure = failureOf(
          'Lambda.FunctionError',
          `The Lambda function was invoked and failed: ${causeOf(error)}`,
          attempt,
        );
        return batch.map(({ part }) => ({ ...part, failure }));
      }
    }
  }

  function failureOf(errorCode: string, errorMessage: string, attemptsMade = 1): Failure {
    failed(errorCode, errorMessage);
    return { errorType: 'processing-failed', errorCode, errorMessage, attemptsMade, lambdaARN: lambda.arn };
  }

  function outcome({ part }: Waiting, answers: unknown[] | undefined): Part | undefined {
    const fail = (code: string, message: string): Part => ({ ...part, failure: failureOf(code, message) });
    if (!answers)
      return fail('Lambda.MissingRecordId', 'The Lambda function did not return the recordId of the record.');
    if (answers.length > 1)
      return fail(
        'Lambda.DuplicatedRecordId',
        'The Lambda function returned the recordId of the record more than once.',
      );
    const { result, data, metadata } = answers[0] as {
      result?: unknown;
      data?: unknown;
      metadata?: { partitionKeys?: object };
    };
    switch (result) {
      case 'Dropped':
        return undefined;
      case 'ProcessingFailed':
        return fail('Lambda.ProcessingFailedStatus', 'ProcessingFailed status set for record');
      case 'Ok': {
        if (typeof data !== 'string')
          return fail(
            'Lambda.JsonProcessingException',
            'The Lambda function returned a record whose data is not a base64 text.',
          );
        const bytes = Buffer.from(data, 'base64');
        meter('SucceedProcessing.Records', 1);
        meter('SucceedProcessing.Bytes', bytes.length);
        const made = { data: bytes, start: 0, end: bytes.length, lambdaKeys: { ...metadata?.partitionKeys } };
        return readsJson(plan) ? parsed(plan, made) : made;
      }
      default:
        return fail(
          'Lambda.JsonProcessingException',
          `The Lambda function returned the result ${JSON.stringify(result)}: it must be Ok, Dropped or ProcessingFailed.`,
        );
    }
  }

  return async (shardId, records, parts, signal) => {
    const done: Part[][] = parts.map(() => []);
    let batch: Waiting[] = [];
    let bytes = 0;
    const send = async () => {
      if (batch.length === 0) return;
      const sent = batch;
      batch = [];
      bytes = 0;
      const made = await invoke(sent, signal);
      for (const [index, { record }] of sent.entries()) if (made[index]) done[record]!.push(made[index]);
    };
    for (const [record, ofRecord] of parts.entries()) {
      const { sequenceNumber, arrivalMs, partitionKey } = records[record]!;
      for (const [sub, part] of ofRecord.entries()) {
        if (part.failure) {
          // Those before it come before it.
          await send();
          done[record]!.push(part);
          continue;
        }
        const data = part.data.subarray(part.start, part.end);
        if (bytes + data.length > lambda.batchBytes) await send();
        const recordId = `${sequenceNumber}${String(sub).padStart(6, '0')}`;
        batch.push({
          record,
          part,
          recordId,
          sent: {
            recordId,
            approximateArrivalTimestamp: Math.round(arrivalMs),
            data: data.toString('base64'),
            ...(sourceArn
              ? {
                  kinesisRecordMetadata: {
                    shardId,
                    partitionKey,
                    approximateArrivalTimestamp: Math.round(arrivalMs),
                    sequenceNumber,
                    subsequenceNumber: sub,
                  },
                }
              : {}),
          },
        });
        bytes += data.length;
      }
    }
    await send();
    return done;
  };
}

/** @throws Error when it is no answer to an event at all */
function answersById(answer: unknown): Map<unknown, unknown[]> {
  const { records } = (answer ?? {}) as { records?: unknown };
  if (!Array.isArray(records)) throw new Error('its answer has no list called records');
  const found = new Map<unknown, unknown[]>();
  for (const record of records as { recordId?: unknown }[]) {
    const same = found.get(record?.recordId);
    if (same) same.push(record);
    else found.set(record?.recordId, [record]);
  }
  return found;
}
