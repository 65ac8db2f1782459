import { isBase64 } from '../../../base64.js';
import type { DeliveryConfiguration } from '../../config/delivery-configuration.js';
import { parsed, readsJson } from '../deaggregate.js';
import type { SubRecord } from '../sub-record.js';

/** What became of a sub-record in a Lambda function. */
export type Outcome =
  | { kind: 'ok'; subRecord: SubRecord }
  | { kind: 'dropped' }
  | { kind: 'failed'; errorCode: string; errorMessage: string };

const failed = (errorCode: string, errorMessage: string): Outcome => ({ kind: 'failed', errorCode, errorMessage });

/**
 * @param answers those that the function gave for the sub-record's id
 * https://docs.aws.amazon.com/firehose/latest/dev/data-transformation.html
 */
export function outcomeOf(configuration: DeliveryConfiguration, answers: readonly unknown[] = []): Outcome {
  if (answers.length === 0)
    return failed('Lambda.MissingRecordId', 'The Lambda function did not return the recordId of the record.');
  if (answers.length > 1)
    return failed(
      'Lambda.DuplicatedRecordId',
      'The Lambda function returned the recordId of the record more than once.',
    );
  const { result, data, metadata } = answers[0] as { result?: unknown; data?: unknown; metadata?: unknown };
  if (result === 'Dropped') return { kind: 'dropped' };
  if (result === 'ProcessingFailed')
    return failed('Lambda.ProcessingFailedStatus', 'ProcessingFailed status set for record');
  if (result !== 'Ok')
    return unreadable(`the result ${JSON.stringify(result)}: it must be Ok, Dropped or ProcessingFailed.`);
  if (typeof data !== 'string' || !isBase64(data)) return unreadable('a record whose data is not a base64 text.');
  const lambdaKeys = keysOf(metadata);
  if (!lambdaKeys) return unreadable('a record whose metadata.partitionKeys is not an object.');
  const bytes = Buffer.from(data, 'base64');
  const made = { data: bytes, start: 0, end: bytes.length, lambdaKeys };
  return { kind: 'ok', subRecord: readsJson(configuration) ? parsed(configuration, made) : made };
}

const unreadable = (what: string) => failed('Lambda.JsonProcessingException', `The Lambda function returned ${what}`);

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The partition keys in a record's metadata, both optional; nothing when it is none. */
function keysOf(metadata: unknown): Record<string, unknown> | undefined {
  if (metadata === undefined || metadata === null) return {};
  const keys = isObject(metadata) ? (metadata.partitionKeys ?? {}) : undefined;
  return isObject(keys) ? { ...keys } : undefined;
}

/** The records of a function's answer by their ids. @throws Error when it is not an answer to an event at all */
export function answersById(answer: unknown): Map<unknown, unknown[]> {
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
