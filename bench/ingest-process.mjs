// The ingest server as a process, and an open-loop load for it: arrivals come when they come, whether or not the server keeps up.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { root, usage } from './processes.mjs';

/** The server's processor and everybody else's, where there are two and `taskset` keeps processes there. */
export function separateProcessors() {
  const allowed = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))[1];
  const cpus = allowed.split(',').flatMap((range) => {
    const [from, to = from] = range.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
  if (cpus.length < 2 || spawnSync('taskset', ['--version']).status !== 0) return undefined;
  return { server: String(cpus[0]), others: cpus.slice(1).join(',') };
}

/** From now on this process and those it starts run there. */
export function keepTo(cpus) {
  spawnSync('taskset', ['--all-tasks', '--pid', '--cpu-list', cpus, String(process.pid)]);
}

/**
 * This process and those that it starts come before what else the machine does, where that is allowed: the time that others take is no part of
 * what is measured. Only a little before: the kernel's threads that carry packets have to get their turn, too.
 */
export function comeFirst() {
  const group = '/proc/self/autogroup';
  try {
    setPriority(-7);
    writeFileSync(group, '-7');
    process.on('exit', () => writeFileSync(group, '0'));
  } catch {
    console.log('What else the machine does may take part in this: priorities cannot be set here');
  }
}

/** `cpus`: where the server has to stay, for `taskset`. */
export async function startIngest(stub, folder, env = {}, cpus) {
  const [program, ...args] = [
    ...(cpus === undefined ? [] : ['taskset', '--cpu-list', cpus]),
    process.execPath,
    ...(process.env.BENCH_NODE_ARGS?.split(' ') ?? []),
    join(root, 'ingest-server/dist/src/main.js'),
  ];
  const child = spawn(program, args, {
    env: {
      PATH: process.env.PATH,
      AWS_ENDPOINT_URL: stub.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      MILLRACE_HOST: '127.0.0.1',
      MILLRACE_PORT: '0',
      MILLRACE_WRITE_KEYS: 'demo',
      MILLRACE_SPOOL_FOLDER: join(folder, 'spool'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output = (output + text).slice(-20_000);
  });
  while (!output.includes('"listening"')) {
    if (child.exitCode !== null) throw new Error(`the ingest server ended with ${child.exitCode}`);
    await sleep(20);
  }
  const port = Number(/"message":"listening".*"port":(\d+)/.exec(output)[1]);
  return {
    port,
    usage: () => usage(child.pid),
    /** CPU seconds of the event loop's thread so far: what the collector of garbage and the compiler do beside it is not in them. */
    loopSeconds: () => Number(readFileSync(`/proc/${child.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e9,
    async metrics() {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return new Map(
        text
          .split('\n')
          .filter((line) => line && !line.startsWith('#'))
          .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
      );
    },
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

let made = 0;
const hex = (number, digits) => number.toString(16).padStart(digits, '0');

/** An event of some 500 bytes. */
export function eventLine(visitor, seq) {
  made += 1;
  return (
    `{"event_id":"01900000-0000-7000-8000-${hex(made, 12)}","event":"liked_item","page":"books","event_time":"2026-11-23T08:00:00.000Z",` +
    `"visitor_id":"${visitor}","session_id":"session-of-${visitor}","stream_id":"stream-of-${visitor}","seq":${seq},"os":"ios","device":"mobile",` +
    `"url":"https://shop.example/books/some-item-or-other?ref=newsletter","title":"Some item or other | The example shop","item_id":"51",` +
    `"item_name":"Some item or other","item_price":9.99,"currency":"EUR","properties":{"colour":"red","position":7},"sdk":"millrace-bench/1.0.0"}\n`
  );
}

/** Requests of `events` events each, of one of `visitors` visitors. */
export function requestMaker({ visitors, events, name = 'v' }) {
  const seqs = new Uint32Array(visitors);
  let turn = 0;
  return () => {
    const visitor = turn++ % visitors;
    let body = '';
    for (let i = 0; i < events; i++) body += eventLine(`${name}${visitor}`, seqs[visitor]++);
    return `POST /v1/events?key=demo HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
}

/** A connection that sends one request after another. */
function createConnection(port) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  let text = '';
  let waiting;
  const settle = (status) => {
    const resolve = waiting;
    waiting = undefined;
    resolve?.(status);
  };
  socket.setEncoding('latin1').on('data', (part) => {
    text += part;
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    const status = Number(text.slice(9, 12));
    text = text.slice(end + 4 + length);
    settle(status);
  });
  socket.on('error', () => {}).on('close', () => settle(0));
  return {
    opened: once(socket, 'connect').catch(() => {}),
    send: (request) =>
      new Promise((resolve) => {
        waiting = resolve;
        if (socket.destroyed) settle(0);
        else socket.write(request);
      }),
    isOpen: () => !socket.destroyed,
    close: () => socket.destroy(),
  };
}

const greeting = 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n';

/**
 * Connections that are there before the load begins: the server has answered on each. Node's event loop takes one new connection a turn, so those
 * that still wait in the backlog when the load begins would wait until it ends.
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
 * Sends `perSecond` requests a second for `seconds`, each at its time, over `connections` connections; what finds none free waits, and its
 * wait counts. A visitor's requests are only kept in order when `visitors` is larger than what is in flight.
 */
export async function openLoop({ port, makeRequest, perSecond, seconds, connections = 300, onSent = () => {} }) {
  const idle = await openConnections(port, connections);
  const queue = [];
  const latencies = [];
  const late = [];
  const statuses = new Map();
  let [running, sent] = [0, 0];
  async function work(connection, at, request) {
    running += 1;
    const status = await connection.send(request);
    running -= 1;
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    if (status === 200) latencies.push(performance.now() - at);
    // One that was closed is replaced.
    const free = connection.isOpen() ? connection : createConnection(port);
    const next = queue.shift();
    if (next === undefined) idle.push(free);
    else void work(free, ...next);
  }
  const began = performance.now();
  const total = Math.round(perSecond * seconds);
  while (sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; sent < due; sent++) {
      const at = began + (sent / perSecond) * 1000;
      const request = makeRequest();
      late.push(performance.now() - at);
      // The one that has been idle for longest: the server hangs up on those that it never hears from.
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
  const quantilesOf = (values) => {
    values.sort((a, b) => a - b);
    return (q) => values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? 0;
  };
  const quantile = quantilesOf(latencies);
  return {
    sent,
    accepted: statuses.get(200) ?? 0,
    statuses: Object.fromEntries(statuses),
    sendingSeconds,
    unanswered: running + queue.length,
    /** Of the accepted ones, in order. */
    latencies,
    p50: quantile(0.5),
    p99: quantile(0.99),
    max: quantile(1),
    /** How long after its time a request was sent: part of its latency that the load is to blame for. */
    lateP99: quantilesOf(late)(0.99),
  };
}

/** As fast as `clients` clients go that each wait for their answer, for `seconds` or until `requests` are accepted. */
export async function closedLoop({ port, makeRequest, seconds = Infinity, requests = Infinity, clients = 32 }) {
  const connections = await openConnections(port, clients);
  const began = performance.now();
  const until = began + seconds * 1000;
  const latencies = [];
  let [accepted, refused] = [0, 0];
  const one = async (connection) => {
    while (performance.now() < until && accepted + refused < requests) {
      const at = performance.now();
      if ((await connection.send(makeRequest())) === 200) accepted += 1;
      else refused += 1;
      latencies.push(performance.now() - at);
    }
    connection.close();
  };
  await Promise.all(connections.map(one));
  latencies.sort((a, b) => a - b);
  const tookSeconds = (performance.now() - began) / 1000;
  return {
    accepted,
    refused,
    tookSeconds,
    perSecond: accepted / tookSeconds,
    p50: latencies[Math.floor(latencies.length * 0.5)],
    p99: latencies[Math.floor(latencies.length * 0.99)],
  };
}

/** Resident memory while something runs: before, and at most. */
export function watchMemory(server) {
  const before = server.usage().rssBytes;
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, server.usage().rssBytes);
  }, 100);
  return {
    stop() {
      clearInterval(timer);
      return { before, most, grownMiB: (most - before) / 2 ** 20 };
    },
  };
}

export const round = (number, digits = 0) => Number(number.toFixed(digits));

/** One figure against what it should be. */
export const median = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];

export function figure(what, value, limit, isGood) {
  console.log(`${isGood ? 'ok  ' : 'MISS'}  ${what.padEnd(72)} ${String(value).padStart(12)}   (${limit})`);
  if (!isGood) process.exitCode = 1;
}
