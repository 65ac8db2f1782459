import { Agent } from 'node:http';
import * as firehose from '@aws-sdk/client-firehose';
import * as kinesis from '@aws-sdk/client-kinesis';
import * as s3 from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { type Answer, CallError, type Caller } from './caller.js';

/** The AWS SDK for JavaScript, by HTTP/1.1. Its clients for CloudWatch and Glue are not installed here. */
export function sdkCaller(endpoint: string): Caller {
  const config = {
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true }) }),
  };
  const clients = {
    firehose: new firehose.FirehoseClient(config),
    kinesis: new kinesis.KinesisClient(config),
    s3: new s3.S3Client({ ...config, forcePathStyle: true }),
  };
  const commands = { firehose, kinesis, s3 } as unknown as Record<string, Record<string, new (input: object) => never>>;
  return {
    services: ['firehose', 'kinesis', 's3'],
    async call(service, operation, input = {}) {
      const client = clients[service as keyof typeof clients] as { send(command: never): Promise<Answer> };
      try {
        const answer = await client.send(new commands[service]![`${operation}Command`]!(withBytes(input)));
        if (answer.Body) return { ...answer, Body: await answer.Body.transformToString() };
        if (answer.Payload) return { Body: await textOf(answer.Payload) };
        return withText(answer);
      } catch (error) {
        throw new CallError((error as Error).name, (error as Error).message);
      }
    },
    async close() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}

function mapData(value: Answer, change: (data: Answer) => Answer): Answer {
  if (Array.isArray(value)) return value.map((item) => mapData(item, change));
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, name === 'Data' ? change(inner) : mapData(inner, change)]),
  );
}

const withBytes = (input: object) => mapData(input, (data: string) => Buffer.from(data));
const withText = (answer: object) => mapData(answer, (data: Uint8Array) => Buffer.from(data).toString());

async function textOf(payload: AsyncIterable<s3.SelectObjectContentEventStream>): Promise<string> {
  let text = '';
  for await (const { Records } of payload) if (Records) text += Buffer.from(Records.Payload!).toString();
  return text;
}
