import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import { openEventStream } from '../src/live/event-stream.js';

type Stream = ReturnType<typeof openEventStream>;

let server: ReturnType<typeof createServer>;
let streams: Stream[];
let ends: string[];
const unreadBytes = 1024 * 1024;

beforeEach(async () => {
  streams = [];
  const ended: string[] = [];
  ends = ended;
  server = createServer((_request, response) => {
    streams.push(
      openEventStream(response, { unreadBytes, heartbeatMs: 20, headers: {}, onEnd: (reason) => ended.push(reason) }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

/** A browser that reads, or does not. */
async function open(reads: boolean) {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const seen = { bytes: 0, text: '', closed: false };
  socket.on('error', () => {});
  socket.on('close', () => {
    seen.closed = true;
  });
  socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  if (reads)
    socket.on('data', (chunk) => {
      seen.bytes += chunk.length;
      if (seen.text.length < 1000) seen.text += chunk;
    });
  const place = streams.length;
  const stream = await eventually('the stream', () => streams[place]);
  return { socket, seen, stream };
}

test('a browser that does not read is dropped, at a bounded cost in memory, and the others go on', async () => {
  const reader = await open(true);
  const slow = await open(false);
  const message = `data: ${'x'.repeat(32 * 1024)}\n\n`;
  let sent = 0;
  await eventually('the drop', async () => {
    for (let count = 0; count < 16; count += 1) for (const { stream } of [reader, slow]) stream.send(message);
    sent += 16 * message.length;
    await eventually('all of it at the one who reads', () => reader.seen.bytes >= sent);
    return ends.length > 0;
  });
  expect(ends).toEqual(['too slow']);
  expect(reader.seen.closed).toBe(false);
  slow.socket.resume();
  await eventually('the end of the slow connection', () => slow.seen.closed);
  // Sending to one that is gone is nothing.
  slow.stream.send(message);
  slow.stream.close();
  expect(ends).toEqual(['too slow']);
});

test('a quiet stream shows that it lives, and its end is told once', async () => {
  const { socket, seen, stream } = await open(true);
  await eventually('two heartbeats', () => seen.text.split(': still here').length > 2);
  socket.destroy();
  await eventually('the end', () => ends.length > 0);
  stream.close();
  expect(ends).toEqual(['gone']);
});
