import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { eventually } from '@millrace/testing/eventually';
import type { FastifyInstance } from 'fastify';
import { createTurns } from '../src/http/turns.js';
import { cleanUp, later, testApp } from './support/app.js';
import { eventsIn, jsonLines, someEvent } from './support/events.js';
import { samplesOf } from './support/samples.js';

afterEach(cleanUp);

const longMs = 3_600_000;

async function listening(changes: Parameters<typeof testApp>[0], heldMs = longMs) {
  const made = await testApp(changes, { heldMs });
  /** The server's side of its connections. */
  const connections: Socket[] = [];
  made.app.server.on('connection', (socket) => connections.push(socket));
  await made.app.listen({ port: 0, host: '127.0.0.1' });
  return { ...made, connections };
}

/** A connection from an address of the loopback network, with all that the server says on it. */
function open(app: FastifyInstance, localAddress: string) {
  const { port } = app.server.address() as AddressInfo;
  const socket = connect({ port, host: '127.0.0.1', localAddress }).on('error', () => {});
  later(async () => void socket.destroy());
  let text = '';
  socket.on('data', (part) => (text += part));
  return {
    socket,
    text: () => text,
    statuses: () => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, code]) => Number(code)),
  };
}

const head = (length: number) =>
  `POST /v1/events?key=demo HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${length}\r\n\r\n`;

function post(seq = 0): string {
  const event = jsonLines([someEvent({ seq })]);
  return head(Buffer.byteLength(event)) + event;
}

const closed = (socket: Socket) =>
  new Promise<void>((resolve) => (socket.closed ? resolve() : socket.on('close', () => resolve())));

describe('the refusal of an address that sends too much', () => {
  test('is held back; others are served meanwhile, and a server that closes gives it at once', async () => {
    const { app, records } = await listening({ addressRequestsPerSecond: 1 });
    const greedy = Array.from({ length: 6 }, () => open(app, '127.0.0.9'));
    for (const { socket } of greedy) socket.write(post());
    const other = open(app, '127.0.0.10');
    other.socket.write(post(1));
    await eventually('the answer to the other', () => other.statuses().length === 1);
    expect(other.statuses()).toEqual([200]);
    await eventually('the answers within the limit', () => greedy.flatMap(({ statuses }) => statuses()).length === 2);
    expect(greedy.flatMap(({ statuses }) => statuses())).toEqual([200, 200]);
    await app.close();
    await eventually('all answers', () => greedy.every(({ statuses }) => statuses().length === 1));
    const refused = greedy.filter(({ statuses }) => statuses()[0] === 429);
    expect(refused).toHaveLength(4);
    for (const { text } of refused)
      expect(text()).toMatch(/retry-after: \d+\r\n[\s\S]*too many requests by this address: wait \d+ s/);
    expect(eventsIn(records)).toHaveLength(3);
  });

  test('ends with its connection, and the body behind it is not read', async () => {
    const { app, connections } = await listening({ addressRequestsPerSecond: 1 }, 1_000);
    const greedy = open(app, '127.0.0.9').socket;
    for (let seq = 0; seq < 2; seq++) greedy.write(post(seq));
    const large = 64 * 1024 * 1024;
    greedy.write(head(large));
    greedy.write(Buffer.alloc(large, 'x'));
    await eventually('the connection', () => connections.length === 1);
    const socket = connections[0]!;
    await eventually('what is read of it to stay', async () => {
      const before = socket.bytesRead;
      await new Promise((resolve) => setTimeout(resolve, 100));
      return before > 0 && socket.bytesRead === before;
    });
    expect(socket.bytesRead).toBeLessThan(4 * 1024 * 1024);
    greedy.destroy();
    await closed(socket);
  });

  test.each([
    ['stays', false],
    ['has gone', true],
  ])('does not keep a server from closing, where its sender %s', async (_, isGone) => {
    const { app } = await listening({ addressRequestsPerSecond: 1 });
    const greedy = open(app, '127.0.0.9');
    for (let seq = 0; seq < 2; seq++) greedy.socket.write(post(seq));
    greedy.socket.write(head(8 * 1024 * 1024));
    greedy.socket.write(Buffer.alloc(8 * 1024 * 1024, 'x'));
    await eventually('the answers within the limit', () => greedy.statuses().length === 2);
    await eventually(
      'the refusal',
      async () => samplesOf((await app.inject('/metrics')).body).get('millrace_rate_limited_total{by="address"}') === 1,
    );
    if (isGone) greedy.socket.destroy();
    await app.close();
    if (!isGone) await eventually('the refusal', () => greedy.statuses().at(-1) === 429);
  });

  test('is not given to who has hundreds of them waiting', async () => {
    const { app } = await listening({ addressRequestsPerSecond: 1 });
    const many = Array.from({ length: 300 }, () => open(app, '127.0.0.9'));
    for (const { socket } of many) socket.write(post());
    await eventually(
      'the others to be closed',
      () => many.filter(({ socket }) => socket.destroyed).length === 300 - 2 - 256,
    );
  });
});

describe('an address that floods', () => {
  const flood = 'GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(1_000);

  test('is not heard for a while: all its connections are closed, and new ones too; others are served', async () => {
    const { app } = await listening({ addressRequestsPerSecond: 1_000 });
    const before = [open(app, '127.0.0.9'), open(app, '127.0.0.9')];
    before[0]!.socket.write(post());
    await eventually('an answer', () => before[0]!.statuses().length === 1);
    const other = open(app, '127.0.0.10');
    open(app, '127.0.0.9').socket.write(flood);
    await Promise.all(before.map(({ socket }) => closed(socket)));
    const after = open(app, '127.0.0.9');
    after.socket.write(post());
    await closed(after.socket);
    expect(after.text()).toBe('');
    other.socket.write(post());
    await eventually('an answer to the other', () => other.statuses().length === 1);
    expect(other.statuses()).toEqual([200]);
  });

  test.each([
    [
      'behind a trusted proxy, whose connections are everybody’s',
      { trustedProxies: ['127.0.0.0/8'], addressRequestsPerSecond: 1_000 },
    ],
    ['where no address is limited', {}],
  ])('%s loses the connection alone', async (_, changes) => {
    const { app } = await listening(changes);
    const flooding = open(app, '127.0.0.9');
    flooding.socket.write(flood);
    await closed(flooding.socket);
    const next = open(app, '127.0.0.9');
    next.socket.write(post());
    await eventually('an answer', () => next.statuses().length === 1);
    expect(next.statuses()).toEqual([200]);
  });
});

describe('turns', () => {
  test('give each who comes so many tasks of a turn, and everybody theirs in order', () => {
    const ends: (() => void)[] = [];
    const turns = createTurns(2, (next) => ends.push(next));
    const done: string[] = [];
    const take = (who: string, n: number) => turns.take(who, () => done.push(`${who}${n}`));
    for (let n = 0; n < 5; n++) take('a', n);
    take('b', 0);
    expect(done).toEqual(['a0', 'a1', 'b0']);
    ends.shift()!();
    take('a', 5);
    take('b', 1);
    expect(done).toEqual(['a0', 'a1', 'b0', 'a2', 'a3', 'b1']);
    ends.shift()!();
    expect(done.slice(6)).toEqual(['a4', 'a5']);
    ends.shift()!();
    expect(ends).toEqual([]);
  });
});
