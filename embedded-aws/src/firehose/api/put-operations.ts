import { isBase64 } from '../../base64.js';
import { AwsError } from '../../json-service/aws-error.js';
import { type DirectPut, maxBatchBytes, maxRecordBytes, type PutOutcome } from '../direct-put/put-records.js';
import type { Meter } from '../meter.js';
import { type ApiContext, find, notFound } from './context.js';
import { statusOf } from './description.js';
import type { OperationAnswers } from './request-model.js';

const invalid = (message: string) => new AwsError('InvalidArgumentException', message);

interface PutTarget {
  directPut: DirectPut;
  /** Whether server-side encryption is on. */
  encrypted: boolean;
  meter: Meter;
}

/** PutRecord and PutRecordBatch. What they answer with a RecordId is on disk. */
export function putOperations(context: ApiContext): OperationAnswers<'PutRecord' | 'PutRecordBatch'> {
  return {
    async PutRecord({ DeliveryStreamName, Record }) {
      const { encrypted, ...target } = await targetOf(context, DeliveryStreamName);
      const [outcome] = await put('PutRecord', target, [dataOf(Record.Data, 'record.data')]);
      if ('errorCode' in outcome!) throw new AwsError(outcome.errorCode, outcome.errorMessage, 503);
      return { RecordId: outcome!.recordId, Encrypted: encrypted };
    },

    async PutRecordBatch({ DeliveryStreamName, Records }) {
      const { encrypted, ...target } = await targetOf(context, DeliveryStreamName);
      const datas = Records.map(({ Data }, index) => dataOf(Data, `records.${index + 1}.member.data`));
      if (datas.reduce((sum, { length }) => sum + length, 0) > maxBatchBytes)
        throw invalid('Records size exceeds 4 MB limit');
      const outcomes = await put('PutRecordBatch', target, datas);
      return {
        FailedPutCount: outcomes.filter((outcome) => 'errorCode' in outcome).length,
        Encrypted: encrypted,
        RequestResponses: outcomes.map(answerOf),
      };
    },
  };
}

/** @throws AwsError for a delivery stream that is missing, has a source of its own, or is not ready */
async function targetOf(context: ApiContext, name: string): Promise<PutTarget> {
  const definition = find(context, name);
  const { source, encryption } = definition;
  if (source)
    throw new AwsError(
      'InvalidArgumentException',
      'This operation is not permitted on KinesisStreamAsSource delivery stream type.',
    );
  const status = statusOf(definition, context.clock.wallMs());
  if (status === 'DELETING') throw notFound(name);
  if (status === 'CREATING')
    throw new AwsError('ServiceUnavailableException', `Firehose ${name} is in ${status} state.`, 503);
  return {
    directPut: await context.directPut(definition),
    encrypted: encryption?.on === true,
    meter: context.meterFor(name),
  };
}

async function put(
  kind: 'PutRecord' | 'PutRecordBatch',
  { directPut, meter }: Omit<PutTarget, 'encrypted'>,
  datas: Buffer[],
): Promise<PutOutcome[]> {
  const begun = performance.now();
  const outcomes = await directPut.put(datas);
  const taken = datas.filter((_, index) => !('errorCode' in outcomes[index]!));
  const bytes = taken.reduce((sum, { length }) => sum + length, 0);
  meter('IncomingPutRequests', 1);
  meter('IncomingRecords', taken.length);
  meter('IncomingBytes', bytes);
  if (taken.length < datas.length) meter('ThrottledRecords', datas.length - taken.length);
  meter(`${kind}.Requests`, 1);
  meter(`${kind}.Bytes`, bytes);
  meter(`${kind}.Latency`, performance.now() - begun);
  if (kind === 'PutRecordBatch') meter('PutRecordBatch.Records', taken.length);
  return outcomes;
}

const answerOf = (outcome: PutOutcome) =>
  'errorCode' in outcome
    ? { ErrorCode: outcome.errorCode, ErrorMessage: outcome.errorMessage }
    : { RecordId: outcome.recordId };

/** @throws AwsError SerializationException, ValidationException */
function dataOf(text: string, path: string): Buffer {
  if (!isBase64(text)) throw new AwsError('SerializationException', `${path} is not base64.`);
  const data = Buffer.from(text, 'base64');
  if (data.length > maxRecordBytes)
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at '${path}' failed to satisfy constraint: Member must have length less than or equal to ${maxRecordBytes}`,
    );
  return data;
}
