import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A stream of one shard. */
export interface StreamStub {
  url: string;
  /** The lines of all records that it took, parsed. */
  lines: Record<string, unknown>[];
  /** How many calls of PutRecords came. */
  puts(): number;
  close(): void;
}

/**
 * As much of Kinesis as an ingest server needs. `treat` says for each PutRecords, from 0, whether it is taken, hangs, or
 * takes its first record alone.
 */
export async function startStreamStub(
  treat: (call: number) => 'take' | 'hang' | 'first' = () => 'take',
): Promise<StreamStub> {
  const lines: StreamStub['lines'] = [];
  let calls = 0;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request as AsyncIterable<Buffer>) parts.push(part);
    const body = JSON.parse(Buffer.concat(parts).toString()) as { StreamName?: string; Records: { Data: string }[] };
    const answer = (value: object, status = 200) =>
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(value));
    const action = String(request.headers['x-amz-target']).split('.')[1];
    if (body.StreamName === 'nowhere') return answer({ __type: 'ResourceNotFoundException', message: 'none' }, 400);
    if (action === 'ListShards') {
      const range = { StartingHashKey: '0', EndingHashKey: String(2n ** 128n - 1n) };
      return answer({ Shards: [{ ShardId: 'shardId-0', HashKeyRange: range, SequenceNumberRange: {} }] });
    }
    if (action === 'GetShardIterator') return answer({ ShardIterator: 'end' });
    if (action === 'GetRecords') return answer({ Records: [], MillisBehindLatest: 0 });
    const treatment = treat(calls++);
    if (treatment === 'hang') return undefined;
    const taken = treatment === 'first' ? body.Records.slice(0, 1) : body.Records;
    for (const { Data } of taken)
      for (const line of Buffer.from(Data, 'base64').toString().trimEnd().split('\n')) lines.push(JSON.parse(line));
    const outcome = (at: number) =>
      at < taken.length
        ? { SequenceNumber: String(at), ShardId: 'shardId-0' }
        : { ErrorCode: 'InternalFailure', ErrorMessage: 'the stub says so' };
    return answer({ FailedRecordCount: 0, Records: body.Records.map((_, at) => outcome(at)) });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    lines,
    puts: () => calls,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
