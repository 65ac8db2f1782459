// A Kinesis for the measurements of the ingest server: shards with AWS's limits, outages, failing records; it counts what it gets, and
// checks each visitor's order. In the bench's own process.
import { createServer } from 'node:http';

const space = 1n << 128n;

/** What a shard takes: 1,000 records and so many bytes a second (1 MB on AWS), and a second's worth at once; the last record may overdraw. */
function createShard(bytesPerSecond) {
  let [bytes, records, at] = [bytesPerSecond, 1000, performance.now()];
  return (length) => {
    const now = performance.now();
    bytes = Math.min(bytesPerSecond, bytes + ((now - at) / 1000) * bytesPerSecond);
    records = Math.min(1000, records + (now - at));
    at = now;
    if (bytes <= 0 || records < 1) return false;
    bytes -= length;
    records -= 1;
    return true;
  };
}

export async function startStub({ shards = 4, shardBytesPerSecond = Infinity, checked = true } = {}) {
  const size = space / BigInt(shards);
  const takers = Array.from({ length: shards }, () => createShard(shardBytesPerSecond));
  const stub = {
    /** Set these at any time. */
    down: false,
    failing: () => false,
    delayMs: 2,
    calls: 0,
    records: { sent: 0, taken: 0 },
    bytes: { sent: 0, taken: 0 },
    events: 0,
    perShard: Array.from({ length: shards }, () => ({ records: 0, bytes: 0, events: 0, refused: 0 })),
    repeated: 0,
    outOfOrder: 0,
    ids: new Set(),
  };
  const lastSeq = new Map();

  function check(text) {
    for (const line of text.split('\n')) {
      if (line === '') continue;
      // The two fields by hand: parsing would cost more than the server's own work.
      const id = line.slice(line.indexOf('"event_id":"') + 12).slice(0, 36);
      const visitor = /"visitor_id":"([^"]*)"/.exec(line)[1];
      const seq = Number(/"seq":(\d+)/.exec(line)[1]);
      if (stub.ids.has(id)) {
        stub.repeated += 1;
        continue;
      }
      stub.ids.add(id);
      if (seq <= (lastSeq.get(visitor) ?? -1)) stub.outOfOrder += 1;
      lastSeq.set(visitor, seq);
    }
  }

  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    if (stub.down) return request.socket.destroy();
    const body = JSON.parse(Buffer.concat(parts).toString());
    const answer = (value) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
      response.end(JSON.stringify(value));
    };
    if (request.headers['x-amz-target'].endsWith('ListShards')) {
      return answer({
        Shards: takers.map((_, i) => ({
          ShardId: `shardId-${String(i).padStart(12, '0')}`,
          HashKeyRange: {
            StartingHashKey: String(size * BigInt(i)),
            EndingHashKey: String(i === shards - 1 ? space - 1n : size * BigInt(i + 1) - 1n),
          },
          SequenceNumberRange: { StartingSequenceNumber: '1' },
        })),
      });
    }
    stub.calls += 1;
    await new Promise((resolve) => setTimeout(resolve, stub.delayMs));
    let failed = 0;
    const outcomes = body.Records.map(({ Data, ExplicitHashKey }) => {
      const data = Buffer.from(Data, 'base64');
      const index = Math.min(shards - 1, Number(BigInt(ExplicitHashKey) / size));
      const shard = stub.perShard[index];
      stub.records.sent += 1;
      stub.bytes.sent += data.length;
      if (stub.failing(index) || !takers[index](data.length)) {
        failed += 1;
        shard.refused += 1;
        return { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded for shard' };
      }
      const text = data.toString();
      let events = 0;
      for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) events += 1;
      stub.records.taken += 1;
      stub.bytes.taken += data.length;
      stub.events += events;
      shard.records += 1;
      shard.bytes += data.length;
      shard.events += events;
      if (checked) check(text);
      return { SequenceNumber: String(stub.calls), ShardId: `shardId-${index}` };
    });
    answer({ FailedRecordCount: failed, Records: outcomes });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  stub.url = `http://127.0.0.1:${server.address().port}`;
  stub.close = () => {
    server.close();
    server.closeAllConnections();
  };
  return stub;
}
