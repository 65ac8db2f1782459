import { AwsError } from '../../json-service/aws-error.js';
import type { Meter } from '../meter.js';
import type { Requests } from '../request-model.js';
import { type DirectPut, maxBatchBytes, maxRecordBytes, type PutOutcome } from './put-records.js';

const invalid = (message: string) => new AwsError('InvalidArgumentException', message);

/** PutRecord and PutRecordBatch. @param encrypted whether server-side encryption is on */
export function directPutOperations(
  find: (name: string) => Promise<{ directPut: DirectPut; encrypted: boolean; meter: Meter }>,
) {
  async function put(
    kind: 'PutRecord' | 'PutRecordBatch',
    { directPut, meter }: { directPut: DirectPut; meter: Meter },
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

  return {
    async PutRecord({ DeliveryStreamName, Record }: Requests['PutRecord']) {
      const { encrypted, ...target } = await find(DeliveryStreamName);
      const [outcome] = await put('PutRecord', target, [dataOf(Record.Data, 'record.data')]);
      if ('errorCode' in outcome!) throw new AwsError(outcome.errorCode, outcome.errorMessage, 503);
      return { RecordId: outcome!.recordId, Encrypted: encrypted };
    },

    async PutRecordBatch({ DeliveryStreamName, Records }: Requests['PutRecordBatch']) {
      const { encrypted, ...target } = await find(DeliveryStreamName);
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

const answerOf = (outcome: PutOutcome) =>
  'errorCode' in outcome
    ? { ErrorCode: outcome.errorCode, ErrorMessage: outcome.errorMessage }
    : { RecordId: outcome.recordId };

/** @throws AwsError SerializationException, ValidationException */
function dataOf(text: string, path: string): Buffer {
  const data = Buffer.from(text, 'base64');
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw new AwsError('SerializationException', `${path} is not base64.`);
  if (data.length > maxRecordBytes)
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at '${path}' failed to satisfy constraint: Member must have length less than or equal to ${maxRecordBytes}`,
    );
  return data;
}
