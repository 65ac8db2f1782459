// A Kinesis for the measurements of the ingest server, in the bench's own process: shards with AWS's limits, outages, failing records. It counts
// what it gets and checks it. Over HTTP/1.1, TLS and, for the AWS client's defaults, HTTP/2.
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { createServer as createTlsServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { selfSigned } from './certificate.mjs';

const space = 1n << 128n;
/** How the server begins a row that names what it acknowledged: no event. */
const ledgerStart = '{"page":"_ledger"';
const maxRecordBytes = 1024 * 1024;
const maxEventsPerRecord = 500;
const throttled = { ErrorCode: 'ProvisionedThroughputExceededException', ErrorMessage: 'Rate exceeded for shard' };
const listen = (server) =>
  new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));

/** A shard takes 1,000 records and `bytesPerSecond` a second (1 MB on AWS), a second's worth at once; the last record may overdraw. */
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

function shardRanges(shards) {
  const span = space / BigInt(shards);
  return Array.from({ length: shards }, (_, i) => ({
    ShardId: `shardId-${String(i).padStart(12, '0')}`,
    HashKeyRange: {
      StartingHashKey: String(span * BigInt(i)),
      EndingHashKey: String(i === shards - 1 ? space - 1n : span * BigInt(i + 1) - 1n),
    },
    SequenceNumberRange: { StartingSequenceNumber: '1' },
  }));
}

/** Each visitor's order and each repetition, found as events come. */
function createOrderCheck(stub) {
  const lastSeq = new Map();
  return (text) => {
    for (const line of text.split('\n')) {
      if (line === '' || line.startsWith(ledgerStart)) continue;
      // The fields by hand: parsing would cost more than the server's own work.
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
  };
}

/** When each event came, by its id. @throws Error when what came is not what Kinesis and Firehose take */
function readArrivals(calls) {
  const arrivals = new Map();
  for (const { at, records } of calls) {
    if (records.length > 500) throw new Error(`${records.length} records in one call`);
    for (const { Data, PartitionKey } of records) {
      if (!(PartitionKey.length > 0 && PartitionKey.length <= 256)) throw new Error('a record without a key');
      const data = Buffer.from(Data, 'base64');
      if (data.length > maxRecordBytes) throw new Error(`a record of ${data.length} bytes`);
      const lines = data.toString().split('\n');
      if (lines.at(-1) === '') lines.pop();
      if (lines.length > maxEventsPerRecord) throw new Error(`${lines.length} lines in one record`);
      for (const line of lines) {
        if (line.startsWith(ledgerStart)) continue;
        const { event_id, received_at } = JSON.parse(line);
        if (!received_at) throw new Error(`${event_id} is not stamped`);
        if (!arrivals.has(event_id)) arrivals.set(event_id, at);
      }
    }
  }
  return arrivals;
}

/**
 * `check`: `order` holds each event against its visitor's order as it comes; `later` keeps the calls, takes every record and checks them
 * when `arrivals` is called, so that it costs little under load; `none` only counts. `onRecord` gets the text of each record taken.
 */
export async function startKinesisStub({
  shards = 4,
  shardBytesPerSecond = Infinity,
  delayMs = 2,
  check = 'order',
  onRecord = () => {},
} = {}) {
  const ranges = shardRanges(shards);
  const span = space / BigInt(shards);
  const takers = ranges.map(() => createShard(shardBytesPerSecond));
  const stub = {
    /** Set these at any time. `delayMs` may be what gives a number. `down`: `closed` breaks every connection, `error` answers each call with 500. */
    down: false,
    failing: () => false,
    delayMs,
    counts: { puts: 0, records: 0, handshakes: 0, unsigned: 0 },
    records: { sent: 0, taken: 0 },
    bytes: { sent: 0, taken: 0 },
    events: 0,
    perShard: ranges.map(() => ({ events: 0 })),
    repeated: 0,
    outOfOrder: 0,
    ids: new Set(),
  };
  const checkOrder = createOrderCheck(stub);
  let calls = [];

  function putOne({ Data, ExplicitHashKey }) {
    const data = Buffer.from(Data, 'base64');
    const index = Math.min(shards - 1, Number(BigInt(ExplicitHashKey) / span));
    stub.records.sent += 1;
    stub.bytes.sent += data.length;
    if (stub.failing(index) || !takers[index](data.length)) return throttled;
    const text = data.toString();
    let events = 0;
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) events += 1;
    for (let i = text.indexOf(ledgerStart); i >= 0; i = text.indexOf(ledgerStart, i + 1)) events -= 1;
    stub.records.taken += 1;
    stub.bytes.taken += data.length;
    stub.events += events;
    stub.perShard[index].events += events;
    if (check === 'order') checkOrder(text);
    onRecord(text);
    return { SequenceNumber: String(stub.counts.puts), ShardId: ranges[index].ShardId };
  }

  function put(records) {
    stub.counts.puts += 1;
    stub.counts.records += records.length;
    if (check !== 'later') return records.map(putOne);
    calls.push({ at: performance.now(), records });
    return records.map((_, i) => ({ SequenceNumber: `${stub.counts.records}${i}`, ShardId: ranges[0].ShardId }));
  }

  async function answer(headers, text) {
    const action = String(headers['x-amz-target']).split('.')[1];
    if (!String(headers.authorization).startsWith('AWS4-HMAC-SHA256 ')) stub.counts.unsigned += 1;
    if (stub.down === 'error') return [500, { __type: 'InternalFailure', message: 'told to' }];
    if (action === 'ListShards') return [200, { Shards: ranges }];
    if (action !== 'PutRecords') return [400, { __type: 'InvalidArgumentException', message: `no ${action}` }];
    const wait = typeof stub.delayMs === 'function' ? stub.delayMs() : stub.delayMs;
    if (wait > 0) await sleep(wait);
    const outcomes = put(JSON.parse(text).Records);
    const failed = outcomes.filter(({ ErrorCode }) => ErrorCode !== undefined).length;
    return [200, { FailedRecordCount: failed, Records: outcomes }];
  }

  async function handle(request, response) {
    const parts = [];
    for await (const part of request) parts.push(part);
    if (stub.down === 'closed') return request.socket.destroy();
    const [status, body] = await answer(request.headers, Buffer.concat(parts).toString('latin1'));
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
  servers[2].on('secureConnection', () => {
    stub.counts.handshakes += 1;
  });
  const [http, http2, https] = await Promise.all(servers.map(listen));

  return Object.assign(stub, {
    urls: { http: `http://127.0.0.1:${http}`, http2: `http://127.0.0.1:${http2}`, https: `https://127.0.0.1:${https}` },
    /** PEM, for NODE_EXTRA_CA_CERTS. */
    certificate: certificate.cert,
    /** With `check: later`: when each event came, by its id, checked. */
    arrivals() {
      if (stub.counts.unsigned > 0) throw new Error(`${stub.counts.unsigned} calls were not signed`);
      return readArrivals(calls);
    },
    reset() {
      calls = [];
      for (const name of Object.keys(stub.counts)) stub.counts[name] = 0;
    },
    close() {
      for (const server of servers) {
        server.close();
        server.closeAllConnections?.();
      }
    },
  });
}
