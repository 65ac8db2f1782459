// How many TLS handshakes the Kinesis sink needs: 8 calls at a time, to a stub that counts them.
//
//   npm run build && node bench/ingest/handshakes.mjs [PUTS]
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startKinesisStub } from './kinesis-stub.mjs';

const puts = Number(process.argv[2] ?? 5_000);

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
  const stub = await startKinesisStub();
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bench-'));
  const authority = join(folder, 'ca.pem');
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
  rmSync(folder, { recursive: true });
  const { puts: taken, handshakes } = stub.counts;
  stub.close();
  console.log(JSON.stringify({ puts: taken, handshakes, handshakes_per_1000_puts: (handshakes * 1000) / taken }));
  process.exitCode = code;
}
