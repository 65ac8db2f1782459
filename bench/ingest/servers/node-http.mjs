// node:http, JSON.parse a line, an answer. Stores nothing.
import { createServer } from 'node:http';
import { report } from './report.mjs';

const server = createServer((request, response) => {
  // The load's greeting on each new connection.
  if (request.method === 'GET') return response.writeHead(200, { 'content-length': 0 }).end();
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const events = Buffer.concat(parts).toString().trimEnd().split('\n').map(JSON.parse);
    const body = JSON.stringify({ time: Date.now(), accepted: events.length, rejected: [] });
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length });
    response.end(body);
  });
});
server.listen(0, '127.0.0.1', () => report(server.address().port));
