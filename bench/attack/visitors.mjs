// Honest visitors: each has an address of its own and one stream, and sends what is not acknowledged again, as the tracker does.
import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../statistics.mjs';
import { eventOf, linesOf } from './events.mjs';

function send(port, agent, address, body) {
  return new Promise((resolve) => {
    const options = { port, host: '127.0.0.1', localAddress: address, agent, method: 'POST' };
    const headers = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) };
    const sent = request({ ...options, path: '/v1/events?key=demo', headers }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      answer.on('end', () => resolve(answer.statusCode === 200 ? JSON.parse(text) : undefined));
    });
    sent.on('error', () => resolve(undefined)).end(body);
  });
}

/** Sends for `seconds`, a request of one to five events a visitor each `everyMs`; gives latencies, and the events that were acknowledged. */
export async function visit({ port, visitors, seconds, everyMs = 1_000 }) {
  const latencies = [];
  const acknowledged = [];
  let refused = 0;
  const end = performance.now() + seconds * 1_000;
  async function one(visitor) {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const address = `127.1.${visitor >> 8}.${1 + (visitor & 0xff)}`;
    let seq = 0;
    await sleep(Math.random() * everyMs);
    while (performance.now() < end) {
      const events = Array.from({ length: 1 + (seq % 5) }, () => eventOf('honest', visitor, seq++));
      const began = performance.now();
      let answer = await send(port, agent, address, linesOf(events));
      while (answer === undefined) {
        refused++;
        await sleep(500);
        answer = await send(port, agent, address, linesOf(events));
      }
      if (answer.rejected.length > 0) throw new Error(JSON.stringify(answer.rejected[0]));
      latencies.push(performance.now() - began);
      acknowledged.push(...events);
      await sleep(everyMs * (0.5 + Math.random()));
    }
    agent.destroy();
  }
  await Promise.all(Array.from({ length: visitors }, (_, visitor) => one(visitor)));
  latencies.sort((a, b) => a - b);
  return {
    acknowledged,
    refused,
    requests: latencies.length,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}
