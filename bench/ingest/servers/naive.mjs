// What one writes first: Zod, one PutRecords a request with a record an event, the AWS client's defaults. Answers when Kinesis has them.
import { KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import Fastify from 'fastify';
import { eventSchema } from '../../../sdk/dist/src/schema/index.js';
import { report } from './report.mjs';

const client = new KinesisClient({});
const app = Fastify({ bodyLimit: 1024 * 1024 });
app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.post('/v1/events', async (request, reply) => {
  const events = request.body
    .trimEnd()
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  const received_at = new Date().toISOString();
  const { FailedRecordCount } = await client.send(
    new PutRecordsCommand({
      StreamName: 'clickstream',
      Records: events.map((event) => ({
        PartitionKey: event.visitor_id,
        Data: Buffer.from(`${JSON.stringify({ ...event, received_at })}\n`),
      })),
    }),
  );
  if (FailedRecordCount > 0) return reply.code(503).send({ error: 'try again' });
  return { time: Date.now(), accepted: events.length, rejected: [] };
});
await app.listen({ port: 0, host: '127.0.0.1' });
report(app.server.address().port);
