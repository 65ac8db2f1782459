// The attacker, as a process of its own: `connections` connections from one address, each with one kind of attack, one request after another.
// It tells its parent what the server took. It ends by itself.
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { attacks, unread } from './attacks.mjs';

const [port, connections, seconds, address, only] = process.argv.slice(2);
const end = performance.now() + Number(seconds) * 1_000;
const kinds = Object.keys(attacks).filter((kind) => kind.includes(only));
const tallies = Object.fromEntries(
  kinds.map((kind) => [
    kind,
    { requests: 0, taken: 0, sentBytes: 0, inflatedBytes: 0, accepted: 0, rejected: 0, unanswered: 0 },
  ]),
);
const statuses = {};

const bodyOf = (request) => request.subarray(request.indexOf('\r\n\r\n') + 4);
const inflatedSizes = new Map();
/** Of the same request once. */
function inflatedSize(request) {
  const body = bodyOf(request);
  if (body[0] !== 0x1f) return body.length;
  if (!inflatedSizes.has(request)) inflatedSizes.set(request, gunzipSync(body).length);
  return inflatedSizes.get(request);
}

function open(localAddress) {
  const socket = connect({ port: Number(port), host: '127.0.0.1', localAddress });
  let text = '';
  let settle = () => {};
  socket.setEncoding('latin1').on('data', (part) => {
    text += part;
    const head = text.indexOf('\r\n\r\n');
    if (head < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (text.length < head + 4 + length) return;
    settle({ status: text.slice(9, 12), body: text.slice(head + 4, head + 4 + length) });
    text = text.slice(head + 4 + length);
  });
  socket.on('error', () => {}).on('close', () => settle({ status: 'closed', body: '' }));
  return {
    socket,
    send: (bytes) =>
      new Promise((resolve) => {
        settle = resolve;
        if (socket.destroyed) resolve({ status: 'closed', body: '' });
        else socket.write(bytes);
      }),
  };
}

async function attack(kind, tally) {
  // Who floods is soon not heard at all: he has an address of his own, so that the other kinds are.
  const from = unread.has(kind) ? address.replace(/\d+$/, '99') : address;
  let connection = open(from);
  for (let turn = 0; performance.now() < end; turn++) {
    if (connection.socket.destroyed) connection = open(from);
    const request = attacks[kind](turn);
    tally.requests++;
    if (unread.has(kind)) {
      connection.socket.pause().write(request);
      await sleep(250);
      continue;
    }
    const { status, body } = await Promise.race([
      connection.send(request),
      sleep(5_000, { status: 'silent', body: '' }),
    ]);
    statuses[status] = (statuses[status] ?? 0) + 1;
    // A refusal that the server gives before the body is read is sent again at once: the attacker does not wait.
    if (status !== '200') {
      if (status === 'closed' || status === 'silent') {
        // It may have been taken all the same.
        tally.unanswered++;
        tally.sentBytes += bodyOf(request).length;
        await sleep(5);
      }
      continue;
    }
    const { accepted, rejected } = JSON.parse(body);
    tally.taken++;
    tally.sentBytes += bodyOf(request).length;
    tally.inflatedBytes += inflatedSize(request);
    tally.accepted += accepted;
    tally.rejected += rejected.length;
  }
  connection.socket.destroy();
}

await Promise.all(
  Array.from({ length: Number(connections) }, (_, n) => {
    const kind = kinds[n % kinds.length];
    return attack(kind, tallies[kind]);
  }),
);
process.send({ tallies, statuses });
process.disconnect();
