// HTTP load for an ingest server that costs little itself: kept connections, one request at a time on each. In a closed loop each client waits
// for its answer; in an open loop requests come when they come, whether or not the server keeps up.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../statistics.mjs';

/** A connection that sends one request after another. `send` gives the answer's status and body; status 0 where the connection broke. */
function createConnection(port) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  let text = '';
  let waiting;
  const settle = (answer) => {
    const resolve = waiting;
    waiting = undefined;
    resolve?.(answer);
  };
  socket.setEncoding('latin1').on('data', (part) => {
    text += part;
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    const answer = { status: Number(text.slice(9, 12)), body: text.slice(end + 4, end + 4 + length) };
    text = text.slice(end + 4 + length);
    settle(answer);
  });
  socket.on('error', () => {}).on('close', () => settle({ status: 0, body: '' }));
  return {
    opened: once(socket, 'connect').catch(() => {}),
    send: (request) =>
      new Promise((resolve) => {
        waiting = resolve;
        if (socket.destroyed) settle({ status: 0, body: '' });
        else socket.write(request);
      }),
    isOpen: () => !socket.destroyed,
    close: () => socket.destroy(),
  };
}

const greeting = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';

/**
 * Connections on which the server has answered before the load begins. Node's event loop takes one new connection a turn, so those that
 * still wait in the backlog when the load begins would wait until it ends.
 */
async function openConnections(port, count) {
  const connections = [];
  while (connections.length < count) {
    const some = Array.from({ length: Math.min(50, count - connections.length) }, () => createConnection(port));
    await Promise.all(some.map(({ opened, send }) => opened.then(() => send(greeting))));
    connections.push(...some);
  }
  return connections;
}

/**
 * Sends `perSecond` requests a second for `seconds`, each at its time, over `connections` connections. A request that finds none free waits,
 * and its wait counts. `spaced`: evenly, or at `random` times, each independent of the others. A visitor's requests are only kept in order when there are more visitors than requests in flight.
 */
export async function openLoop({
  port,
  makeRequest,
  perSecond,
  seconds,
  connections = 300,
  spaced = 'evenly',
  onSent = () => {},
}) {
  const idle = await openConnections(port, connections);
  const queue = [];
  const latencies = [];
  const late = [];
  const statuses = new Map();
  let [running, sent] = [0, 0];
  async function work(connection, at, request) {
    running += 1;
    const { status } = await connection.send(request);
    running -= 1;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 200) latencies.push(performance.now() - at);
    // A closed connection is replaced.
    const free = connection.isOpen() ? connection : createConnection(port);
    const next = queue.shift();
    if (next === undefined) idle.push(free);
    else void work(free, ...next);
  }
  const began = performance.now();
  const total = Math.round(perSecond * seconds);
  const gap = () => ((spaced === 'random' ? -Math.log(1 - Math.random()) : 1) / perSecond) * 1000;
  let at = began + gap();
  while (sent < total) {
    for (; sent < total && at <= performance.now(); sent++, at += gap()) {
      const request = makeRequest();
      late.push(performance.now() - at);
      // The connection that has been idle for longest: the server hangs up on those that it never hears from.
      const connection = idle.shift();
      if (connection === undefined) queue.push([at, request]);
      else void work(connection, at, request);
    }
    await sleep(2);
  }
  onSent();
  const sendingSeconds = (performance.now() - began) / 1000;
  for (let i = 0; i < 2_000 && running + queue.length > 0; i++) await sleep(10);
  for (const connection of idle) connection.close();
  latencies.sort((a, b) => a - b);
  return {
    sent,
    accepted: statuses.get(200) ?? 0,
    statuses: Object.fromEntries(statuses),
    sendingSeconds,
    unanswered: running + queue.length,
    /** Of the accepted requests, in milliseconds, in order. */
    latencies,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    max: quantile(latencies, 1),
    /** How long after its time a request was sent: the part of its latency that the load is to blame for. */
    lateP99: quantile(late, 0.99),
  };
}

/**
 * As fast as `clients` clients go that each wait for their answer, for `seconds`, or until `requests` are answered.
 * `onAnswer` gets the number of the request, the status and the body.
 */
export async function closedLoop({
  port,
  makeRequest,
  seconds = Infinity,
  requests = Infinity,
  clients = 32,
  onAnswer = () => {},
}) {
  const connections = await openConnections(port, clients);
  const began = performance.now();
  const until = began + seconds * 1000;
  const latencies = [];
  let [sent, accepted] = [0, 0];
  const one = async (connection) => {
    while (performance.now() < until && sent < requests) {
      const [index, at] = [sent++, performance.now()];
      const { status, body } = await connection.send(makeRequest(index));
      if (status === 200) accepted += 1;
      latencies.push(performance.now() - at);
      onAnswer(index, status, body);
    }
    connection.close();
  };
  await Promise.all(connections.map(one));
  const tookSeconds = (performance.now() - began) / 1000;
  return {
    accepted,
    refused: sent - accepted,
    tookSeconds,
    perSecond: accepted / tookSeconds,
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
  };
}
