import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { evenRanges } from '../../src/core/hash-ranges.js';
import { later } from './app.js';

/** What the stub answers to one PutRecords call. */
export type PutBehaviour =
  | { fail?: (index: number) => boolean; delayMs?: number; wait?: Promise<unknown> }
  | { status: number; error: string }
  | 'hang'
  | 'reset';

export interface StubKinesis {
  url: string;
  port: number;
  /** The ids of the events of records that were answered with a sequence number, in order. */
  readonly taken: Record<string, unknown>[];
  readonly calls: { records: number; bytes: number }[];
  readonly wrong: string[];
  connections: number;
  behaviour: (call: number) => PutBehaviour;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
}

/**
 * A Kinesis endpoint that answers ListShards and PutRecords as AWS does, and checks what it is sent. With `brief` it keeps of each event only
 * what tells its identity and place.
 */
export async function startStubKinesis({ shards = 2, port = 0, brief = false } = {}): Promise<StubKinesis> {
  const ranges = evenRanges(shards);
  const taken: Record<string, unknown>[] = [];
  const wrong: string[] = [];
  const calls: StubKinesis['calls'] = [];
  let sequence = 0;

  const server = createServer(async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    const action = String(request.headers['x-amz-target']).split('.')[1];
    if (!String(request.headers.authorization).startsWith('AWS4-HMAC-SHA256 ')) wrong.push('not signed');
    const body = await bodyOf(request);
    if (action === 'ListShards') {
      return answer(200, {
        Shards: ranges.map(({ start, end }, i) => ({
          ShardId: `shardId-${String(i).padStart(12, '0')}`,
          HashKeyRange: { StartingHashKey: String(start), EndingHashKey: String(end) },
          SequenceNumberRange: { StartingSequenceNumber: '1' },
        })),
      });
    }
    const records = body.Records as { Data: string; PartitionKey: string; ExplicitHashKey: string }[];
    const data = records.map(({ Data }) => Buffer.from(Data, 'base64'));
    calls.push({ records: records.length, bytes: data.reduce((sum, { length }) => sum + length, 0) });
    const behaviour = stub.behaviour(calls.length - 1);
    if (behaviour === 'hang') return;
    if (behaviour === 'reset') return request.socket.destroy();
    if ('status' in behaviour) return answer(behaviour.status, { __type: behaviour.error, message: 'told to' });
    if (behaviour.delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, behaviour.delayMs));
    await behaviour.wait;
    let failed = 0;
    const outcomes = records.map(({ ExplicitHashKey }, i) => {
      const shard = ranges.findIndex(
        ({ start, end }) => BigInt(ExplicitHashKey) >= start && BigInt(ExplicitHashKey) <= end,
      );
      const lines = data[i]!.toString().split('\n');
      if (data[i]!.length > 1000 * 1024) wrong.push(`${data[i]!.length} bytes in a record`);
      if (lines.length > 501) wrong.push(`${lines.length - 1} events in a record`);
      if (lines.pop() !== '') wrong.push('the last line has no end');
      if (behaviour.fail?.(shard)) {
        failed += 1;
        return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded for shard' };
      }
      for (const line of lines) {
        const event = JSON.parse(line) as Record<string, unknown>;
        const { event_id, visitor_id, seq } = event;
        taken.push(brief ? { event_id, visitor_id, seq } : event);
      }
      return { SequenceNumber: String(++sequence), ShardId: `shardId-${shard}` };
    });
    return answer(200, { FailedRecordCount: failed, Records: outcomes });
  });
  server.on('connection', () => {
    stub.connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  const address = server.address() as AddressInfo;
  const stub: StubKinesis = {
    url: `http://127.0.0.1:${address.port}`,
    port: address.port,
    taken,
    calls,
    wrong,
    connections: 0,
    behaviour: () => ({}),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  later(() => stub.close());
  return stub;
}
