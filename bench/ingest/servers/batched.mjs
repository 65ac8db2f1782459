// What one writes second: Zod, events collected for 10 ms, a record an event, kept connections. Answers when Kinesis has them.
// With BENCH_PACKED=1, what one writes third: the events packed into records near 24 kB.
import { Agent } from 'node:http';
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import Fastify from 'fastify';
import { eventSchema } from '../../../sdk/dist/src/schema/index.js';
import { report } from './report.mjs';

const lingerMs = 10;
const recordBytes = process.env.BENCH_PACKED === '1' ? 24_000 : 1;
const recordsPerCall = 490;

const client = new KinesisClient({
  requestHandler: new NodeHttpHandler({ httpAgent: new Agent({ keepAlive: true, maxSockets: 64 }) }),
});

let waiting = [];
let waitingEvents = 0;
let timer;
async function flush() {
  clearTimeout(timer);
  timer = undefined;
  waitingEvents = 0;
  const taken = waiting;
  waiting = [];
  const records = [];
  let open = { PartitionKey: '', lines: [], length: 0 };
  for (const { visitor, lines } of taken) {
    for (const line of lines) {
      if (open.length === 0 || open.length > recordBytes) {
        open = { PartitionKey: visitor, lines: [], length: 0 };
        records.push(open);
      }
      open.lines.push(line);
      open.length += line.length;
    }
  }
  try {
    const { FailedRecordCount } = await client.send(
      new PutRecordsCommand({
        StreamName: 'clickstream',
        Records: records.map(({ PartitionKey, lines }) => ({ PartitionKey, Data: Buffer.from(lines.join('')) })),
      }),
    );
    for (const { settle } of taken) settle(FailedRecordCount === 0);
  } catch {
    for (const { settle } of taken) settle(false);
  }
}
const put = (visitor, lines) =>
  new Promise((settle) => {
    waiting.push({ visitor, lines, settle });
    waitingEvents += lines.length;
    if (timer === undefined) timer = setTimeout(flush, lingerMs);
    if (recordBytes === 1 && waitingEvents >= recordsPerCall) void flush();
  });

const app = Fastify({ bodyLimit: 1024 * 1024 });
app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.post('/v1/events', async (request, reply) => {
  const events = request.body
    .trimEnd()
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  const received_at = new Date().toISOString();
  const lines = events.map((event) => `${JSON.stringify({ ...event, received_at })}\n`);
  if (!(await put(events[0].visitor_id, lines))) return reply.code(503).send({ error: 'try again' });
  return { time: Date.now(), accepted: events.length, rejected: [] };
});
await app.listen({ port: 0, host: '127.0.0.1' });
report(app.server.address().port);
