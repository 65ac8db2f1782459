// How many TLS handshakes the Kinesis sink needs: 8 calls at a time, to a stub that counts them.
//   npm run build && node bench/ingest/handshakes.mjs [PUTS=5000] [--json FILE]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryState } from '../processes.mjs';
import { openResult, readOptions } from '../result.mjs';
import { round } from '../statistics.mjs';
import { startKinesisStub } from './kinesis-stub.mjs';

const options = readOptions({}, { positionals: [['puts', '5000']] });
const puts = Number(options.puts);

async function putAll() {
  const { createKinesisSink } = await import('../../ingest-server/dist/src/sinks/kinesis.js');
  const sink = createKinesisSink({ stream: 'clickstream' });
  const record = { partitionKey: 'lane-0', hashKey: '1', chunks: [Buffer.from('{}\n')], bytes: 3, events: 1 };
  let left = puts;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (left-- > 0) await sink.put([record]);
    }),
  );
  sink.close();
  process.disconnect();
}

if (process.send) await putAll();
else {
  const stub = await startKinesisStub({ check: 'none', delayMs: 0 });
  const { state, remove } = temporaryState();
  const authority = join(state, 'ca.pem');
  writeFileSync(authority, stub.certificate);
  const child = fork(fileURLToPath(import.meta.url), [String(puts)], {
    env: {
      PATH: process.env.PATH,
      NODE_NO_WARNINGS: '1',
      NODE_EXTRA_CA_CERTS: authority,
      AWS_ENDPOINT_URL: stub.urls.https,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    },
  });
  const [code] = await once(child, 'exit');
  remove();
  stub.close();
  process.exitCode = code;
  const result = openResult('TLS handshakes of the Kinesis sink', options.json);
  result.figure('PutRecords calls', stub.counts.puts);
  result.figure('handshakes', stub.counts.handshakes);
  result.figure('handshakes per 1,000 calls', round((stub.counts.handshakes * 1000) / stub.counts.puts, 2));
  result.done();
}
