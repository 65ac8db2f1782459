import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How the stub answers one PutRecord: takes it, or fails with an error of the service, or cuts the connection. */
export type PutTreatment = 'take' | 'reset' | { error: string; status?: number };

export interface KinesisStub {
  url: string;
  puts: { data: string; partitionKey: string; stream: string }[];
  close(): Promise<void>;
}

/**
 * The two Kinesis operations that the generator uses, with failures as `treat` decides; `number` counts the PutRecords
 * from 0.
 */
export async function startKinesisStub(
  treat: (number: number) => PutTreatment | Promise<PutTreatment> = () => 'take',
): Promise<KinesisStub> {
  const puts: KinesisStub['puts'] = [];
  let number = 0;
  const server = createServer({ keepAliveTimeout: 75_000 }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const answer = (status: number, value: object) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
    if (request.headers['x-amz-target'] === 'Kinesis_20131202.ListStreams') {
      answer(200, { StreamNames: ['clickstream'], HasMoreStreams: false });
      return;
    }
    const treatment = await treat(number++);
    if (treatment === 'reset') request.socket.destroy();
    else if (treatment === 'take') {
      puts.push({
        data: Buffer.from(body.Data, 'base64').toString('utf8'),
        partitionKey: body.PartitionKey,
        stream: body.StreamName,
      });
      answer(200, { ShardId: 'shardId-000000000000', SequenceNumber: String(puts.length) });
    } else answer(treatment.status ?? 400, { __type: treatment.error, message: 'the stub says so' });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    puts,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
