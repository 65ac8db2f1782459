// What an attacker sends who has read the public write key in the page's source: one function a kind, which gives the next request.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { eventOf, idOf, linesOf, streamOf } from './events.mjs';

const most = Number.MAX_SAFE_INTEGER;
let made = 0;
/** A stream of the attacker's own. */
const own = () => 0x800000 + made++;

function post(body, headers = '') {
  const bytes = Buffer.from(body);
  const head = `POST /v1/events?key=demo HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: text/plain\r\n${headers}content-length: ${bytes.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes]);
}

const zipped = (body) => post(gzipSync(body), 'content-encoding: gzip\r\n');

/** Valid events that zip as well as the server allows: some random digits in each, among 900 kB. */
function wellZipped() {
  const visitor = own();
  const events = Array.from({ length: 230 }, (_, seq) =>
    eventOf('evil', visitor, seq, {
      properties: { text: 'x'.repeat(3_500), digits: randomBytes(64).toString('hex') },
    }),
  );
  return zipped(linesOf(events));
}
/** They are zipped once: zipping would keep the attacker busier than the server. */
const wellZippedBodies = [];
const next = (bodies, make, kept = 40) => {
  if (bodies.length < kept) bodies.push(make());
  return bodies[made++ % bodies.length];
};

const bomb = zipped('x'.repeat(1_000_000));
const bombOfLines = zipped('[]\n'.repeat(300_000));

/** Each kind's next request, or the bytes of many. `isUnread`: the attacker does not read the answers. */
export const attacks = {
  'a megabyte in a kilobyte': () => bomb,
  'a million lines in a kilobyte': () => bombOfLines,
  'many short lines that are no events': () => post('[]\n'.repeat(500)),
  'long lines that are no events': () => post(`{"page":"${'y'.repeat(15_000)}"}\n`.repeat(20)),
  'events that zip well': () => next(wellZippedBodies, wellZipped),
  'numbers that say that quadrillions are missing': () => {
    const visitor = own();
    return post(
      linesOf([
        eventOf('evil', visitor, most),
        eventOf('evil', visitor, 9_999_999),
        eventOf('evil', visitor, 0, { after_seq: most, after_stream_id: streamOf('evil', visitor + 1) }),
        eventOf('evil', visitor, 1, { after_seq: 9_999_999, after_stream_id: streamOf('evil', visitor + 2) }),
        eventOf('evil', visitor, -1),
      ]),
    );
  },
  'the ids of honest events, before they come': (turn) =>
    post(linesOf(Array.from({ length: 50 }, (_, n) => eventOf('evil', own(), 0, { event_id: idOf(n, turn) })))),
  'rows of the ledger': () =>
    post(
      linesOf([
        { page: '_ledger', event: '_acknowledged', server: 'evil.0', server_row: 7, acknowledged: 'evil/0-9999' },
        eventOf('evil', own(), 0, { page: '_ledger', event: '_acknowledged' }),
        eventOf('evil', own(), 0, { server: 'evil.0', server_row: 1, acknowledged: 'evil/0-9999' }),
        eventOf('evil', own(), 0, { received_at: '1970-01-01T00:00:00.000Z', site: 'shop', is_bot: false }),
      ]),
    ),
  'numbers and times that cannot be': () =>
    post(
      linesOf([
        eventOf('evil', own(), 0, { event_time: '9999-12-31T23:59:59.999Z' }),
        eventOf('evil', own(), 0, { event_time: '0001-01-01T00:00:00.000Z' }),
        eventOf('evil', own(), 0, { item_price: 1e308, page: 'a=b' }),
      ]).replace('1e+308', '1E400'),
    ),
  'metrics, two thousand at once': () => Buffer.from('GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'.repeat(2_000)),
};

export const unread = new Set(['metrics, two thousand at once']);
