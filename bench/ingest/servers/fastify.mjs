// The floor: Fastify with nothing on it that parses the lines and answers. Stores nothing.
import Fastify from 'fastify';
import { report } from './report.mjs';

const app = Fastify();
app.addContentTypeParser('text/plain', { parseAs: 'string' }, (_request, body, done) => done(null, body));
app.post('/v1/events', async (request) => {
  const events = request.body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { time: Date.now(), accepted: events.length, rejected: [] };
});
await app.listen({ port: 0, host: '127.0.0.1' });
report(app.server.address().port);
