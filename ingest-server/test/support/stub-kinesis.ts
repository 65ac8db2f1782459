import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ledgerPage } from '@millrace/sdk/schema';
import { evenRanges } from '../../src/core/delivery/hash-ranges.js';
import { later } from './app.js';

/** With `brief`, what is older goes. */
const keptMs = 60_000;

/** What the stub answers to one PutRecords call. */
export type PutBehaviour =
  | { fail?: (index: number) => boolean; delayMs?: number; wait?: Promise<unknown> }
  | { status: number; error: string }
  | 'hang'
  | 'reset';

export interface StubKinesis {
  url: string;
  port: number;
  /** The events of records that were answered with a sequence number, in order, without the ledger. */
  readonly taken: Record<string, unknown>[];
  readonly calls: { records: number; bytes: number }[];
  readonly wrong: string[];
  connections: number;
  behaviour: (call: number) => PutBehaviour;
  /** The error of every call that is no put, if any. */
  otherwise: () => string | undefined;
  close(): Promise<void>;
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>;
}

/**
 * A Kinesis endpoint that answers PutRecords, ListShards, GetShardIterator and GetRecords as AWS does, and checks what
 * it is sent. With `brief` it keeps of each event only what tells its identity and place, and records for a minute.
 * `onLine` gets each line of a record that it takes.
 */
export async function startStubKinesis({
  shards = 2,
  port = 0,
  brief = false,
  onLine = undefined as ((line: string) => void) | undefined,
} = {}): Promise<StubKinesis> {
  const ranges = evenRanges(shards);
  const taken: Record<string, unknown>[] = [];
  const wrong: string[] = [];
  const calls: StubKinesis['calls'] = [];
  /** By shard; `gone` is how many records came before the first that is kept. */
  const kept = ranges.map(() => ({ gone: 0, records: [] as { at: number; Data: string }[] }));
  let sequence = 0;

  function keep(shard: number, Data: string) {
    const its = kept[shard]!;
    its.records.push({ at: Date.now(), Data });
    while (brief && its.records[0]!.at < Date.now() - keptMs) {
      its.records.shift();
      its.gone += 1;
    }
  }

  const server = createServer({ keepAliveTimeout: 75_000 }, async (request, response) => {
    const answer = (status: number, body: object) => {
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(body));
    };
    const action = String(request.headers['x-amz-target']).split('.')[1];
    if (!String(request.headers.authorization).startsWith('AWS4-HMAC-SHA256 ')) wrong.push('not signed');
    const body = await bodyOf(request);
    const error = action === 'PutRecords' ? undefined : stub.otherwise();
    if (error !== undefined) return answer(400, { __type: error, message: 'told to' });
    if (action === 'GetShardIterator') {
      const { ShardId, Timestamp } = body as { ShardId: string; Timestamp: number };
      const shard = Number(ShardId.split('-')[1]);
      const { gone, records } = kept[shard]!;
      const first = records.findIndex(({ at }) => at >= Timestamp * 1000);
      return answer(200, { ShardIterator: `${shard} ${gone + (first < 0 ? records.length : first)}` });
    }
    if (action === 'GetRecords') {
      const { ShardIterator, Limit } = body as { ShardIterator: string; Limit: number };
      const [shard, from] = ShardIterator.split(' ').map(Number) as [number, number];
      const { gone, records: all } = kept[shard]!;
      const records = all.slice(Math.max(0, from - gone), Math.max(0, from - gone) + Limit);
      const next = Math.max(from, gone) + records.length;
      return answer(200, {
        Records: records.map(({ at, Data }, i) => ({
          Data,
          ApproximateArrivalTimestamp: at / 1000,
          PartitionKey: '0',
          SequenceNumber: String(from + i + 1),
        })),
        NextShardIterator: `${shard} ${next}`,
        MillisBehindLatest: next < gone + all.length ? 1 : 0,
      });
    }
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
      if (lines.length > 501) wrong.push(`${lines.length - 1} lines in a record`);
      if (lines.pop() !== '') wrong.push('the last line has no end');
      if (behaviour.fail?.(shard)) {
        failed += 1;
        return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded for shard' };
      }
      keep(shard, records[i]!.Data);
      for (const line of lines) {
        onLine?.(line);
        const event = JSON.parse(line) as Record<string, unknown>;
        const { event_id, visitor_id, seq, page } = event;
        if (page === ledgerPage) continue;
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
    otherwise: () => undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  later(() => stub.close());
  return stub;
}
