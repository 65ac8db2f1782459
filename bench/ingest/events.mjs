// Events that are quick to make, for load without end; each visitor's `seq` counts up, so that the stub can check their order.
let made = 0;
const hex = (number, digits) => number.toString(16).padStart(digits, '0');

/** An event of some 500 bytes. */
function eventLine(visitor, seq) {
  made += 1;
  return (
    `{"event_id":"01900000-0000-7000-8000-${hex(made, 12)}","event":"liked_item","page":"books","event_time":"2026-11-23T08:00:00.000Z",` +
    `"visitor_id":"${visitor}","session_id":"session-of-${visitor}","stream_id":"stream-of-${visitor}","seq":${seq},"os":"ios","device":"mobile",` +
    `"url":"https://shop.example/books/some-item-or-other?ref=newsletter","title":"Some item or other | The example shop","item_id":"51",` +
    `"item_name":"Some item or other","item_price":9.99,"currency":"EUR","properties":{"colour":"red","position":7},"sdk":"millrace-bench/1.0.0"}\n`
  );
}

/** Requests of `events` events each (a number, or what gives one), of one of `visitors` visitors. */
export function requestMaker({ visitors, events, name = 'v' }) {
  const seqs = new Uint32Array(visitors);
  let turn = 0;
  return () => {
    const visitor = turn++ % visitors;
    let body = '';
    const count = typeof events === 'function' ? events() : events;
    for (let i = 0; i < count; i++) body += eventLine(`${name}${visitor}`, seqs[visitor]++);
    return `POST /v1/events?key=demo HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
  };
}
