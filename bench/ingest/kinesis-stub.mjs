// A Kinesis endpoint for measurements: cheap while it is under load, strict afterwards. HTTP/1.1 and, for the AWS client's defaults, HTTP/2.
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { selfSigned } from './certificate.mjs';

const maxRecordBytes = 1024 * 1024;
const maxEventsPerRecord = 500;
const listen = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

function shardRanges(shards) {
  const span = 2n ** 128n / BigInt(shards);
  return Array.from({ length: shards }, (_, i) => ({
    ShardId: `shardId-${String(i).padStart(12, '0')}`,
    HashKeyRange: {
      StartingHashKey: String(span * BigInt(i)),
      EndingHashKey: String(i === shards - 1 ? 2n ** 128n - 1n : span * BigInt(i + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: '1' },
  }));
}

export async function startKinesisStub({ shards = 4 } = {}) {
  const ranges = shardRanges(shards);
  const counts = { puts: 0, records: 0, bytes: 0, handshakes: 0, unsigned: 0 };
  let taken = [];
  let isDown = false;

  function answer(headers, text) {
    const action = String(headers['x-amz-target']).split('.')[1];
    if (!String(headers.authorization).startsWith('AWS4-HMAC-SHA256 ')) counts.unsigned += 1;
    if (isDown) return [500, { __type: 'InternalFailure', message: 'told to' }];
    if (action === 'ListShards') return [200, { Shards: ranges }];
    if (action !== 'PutRecords') return [400, { __type: 'InvalidArgumentException', message: `no ${action}` }];
    const { Records: records } = JSON.parse(text);
    counts.puts += 1;
    counts.records += records.length;
    counts.bytes += text.length;
    taken.push({ at: performance.now(), records });
    const outcomes = records.map((_, i) => ({ SequenceNumber: `${counts.records}${i}`, ShardId: ranges[0].ShardId }));
    return [200, { FailedRecordCount: 0, Records: outcomes }];
  }

  async function handle(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    const [status, body] = answer(request.headers, Buffer.concat(parts).toString('latin1'));
    const text = JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1', 'content-length': text.length });
    response.end(text);
  }

  const certificate = selfSigned();
  const servers = [
    createServer({ keepAliveTimeout: 60_000 }, handle),
    createHttp2Server(handle),
    createTlsServer({ ...certificate, keepAliveTimeout: 60_000 }, handle),
  ];
  servers[2].on('secureConnection', () => (counts.handshakes += 1));
  const [http, http2, https] = await Promise.all(servers.map(listen));

  return {
    urls: { http: `http://127.0.0.1:${http}`, http2: `http://127.0.0.1:${http2}`, https: `https://127.0.0.1:${https}` },
    /** PEM, for NODE_EXTRA_CA_CERTS. */
    certificate: certificate.cert,
    counts,
    setDown(down) {
      isDown = down;
    },
    reset() {
      taken = [];
      for (const name of Object.keys(counts)) counts[name] = 0;
    },
    /** When each event came, by its id. @throws Error when what came is not what Kinesis and Firehose take. */
    arrivals() {
      if (counts.unsigned > 0) throw new Error(`${counts.unsigned} calls were not signed`);
      const arrivals = new Map();
      for (const { at, records } of taken) {
        if (records.length > 500) throw new Error(`${records.length} records in one call`);
        for (const { Data, PartitionKey } of records) {
          if (!(PartitionKey.length > 0 && PartitionKey.length <= 256)) throw new Error('a record without a key');
          const data = Buffer.from(Data, 'base64');
          if (data.length > maxRecordBytes) throw new Error(`a record of ${data.length} bytes`);
          const lines = data.toString().split('\n');
          if (lines.at(-1) === '') lines.pop();
          if (lines.length > maxEventsPerRecord) throw new Error(`${lines.length} events in one record`);
          for (const line of lines) {
            const { event_id, received_at } = JSON.parse(line);
            if (!received_at) throw new Error(`${event_id} is not stamped`);
            if (!arrivals.has(event_id)) arrivals.set(event_id, at);
          }
        }
      }
      return arrivals;
    },
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections?.();
      }
    },
  };
}
