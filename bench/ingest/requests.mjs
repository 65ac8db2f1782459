// What a tracker sends: requests of 10 events of one visitor, about 500 bytes each. No event is sent twice.
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { uuidV7 } from '@millrace/kit/uuid';

export const eventsPerRequest = 10;
const wantedBytes = 500;

const pages = ['apparel', 'books', 'electronics', 'food', 'home', 'cart'];
const names = ['purchased_item', 'liked_item', 'reviewed_item', 'clicked_review', 'clicked_item_description'];
const pick = (list) => list[Math.floor(Math.random() * list.length)];
const hex = (digits) => randomBytes(digits / 2).toString('hex');

function makeEvent(visitor, seq) {
  const item = Math.floor(Math.random() * 1000);
  const event = {
    event_id: uuidV7(Date.now()),
    event: pick(names),
    page: pick(pages),
    event_time: new Date(Date.now() - 5_000 + seq).toISOString(),
    ...visitor,
    seq,
    os: 'ios',
    device: 'mobile',
    url: `https://shop.example/${hex(6)}/item`,
    title: '',
    item_id: String(item),
    item_name: `A thing called ${hex(8)}`,
    item_quantity: 1,
    item_price: item / 100,
    properties: { colour: 'red', from_list: { name: 'new', place: seq } },
    sdk: 'millrace-js/1.0.0',
  };
  event.title = 'Ü'.padEnd(wantedBytes - 1 - Buffer.byteLength(JSON.stringify(event)), 'x');
  return event;
}

/** `count` requests, ready to be written to a socket, and the ids in them; with `gzip`, their bodies are packed as the tracker packs them. */
export function makeRequests(count, { gzip = false } = {}) {
  const ids = [];
  const requests = Array.from({ length: count }, () => {
    const visitor = { visitor_id: hex(32), session_id: hex(32), stream_id: hex(32) };
    const events = Array.from({ length: eventsPerRequest }, (_, seq) => makeEvent(visitor, seq));
    ids.push(events.map(({ event_id }) => event_id));
    const text = Buffer.from(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
    const body = gzip ? gzipSync(text) : text;
    const head =
      `POST /v1/events?key=demo&sent_at=${Date.now()}&batch=${hex(24)}${gzip ? '&encoding=gzip' : ''} HTTP/1.1\r\nhost: 127.0.0.1\r\n` +
      `origin: http://shop.example\r\nuser-agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\n` +
      `accept: */*\r\ncontent-type: text/plain;charset=UTF-8\r\ncontent-length: ${body.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), body]);
  });
  return { requests, ids };
}
