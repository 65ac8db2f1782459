// A lake as Firehose leaves it: gzip JSON Lines under page=/event=, in objects of some megabytes, with its ledger.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { ledgerText } from '@millrace/sdk/schema';

const pages = ['books', 'food', 'apparel', 'electronics', 'home'];
const names = ['page_view', 'view_item', 'clicked_review', 'liked_item', 'add_to_cart'];
const objectBytes = 9_000_000;

/** Numbers at random, the same each time. */
function random() {
  let state = 0x2f6e2b1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Writes a lake of about so many events, with losses and copies; returns what an audit must find. */
export async function makeLake(folder, events) {
  const dice = random();
  const hex = (digits) =>
    Math.floor(dice() * 16 ** digits)
      .toString(16)
      .padStart(digits, '0');
  const open = new Map();
  const truth = { rows: 0, objects: 0, lost_by_us: 0, never_acknowledged: 0 };
  const flush = (partition) => {
    const { lines } = open.get(partition);
    open.delete(partition);
    mkdirSync(join(folder, partition), { recursive: true });
    const name = `clickstream-to-s3-${String(truth.objects++).padStart(6, '0')}.gz`;
    writeFileSync(join(folder, partition, name), gzipSync(lines.join('')));
  };
  const put = (page, event, row) => {
    const partition = `page=${page}/event=${event}`;
    const text = `${JSON.stringify(row)}\n`;
    const object = open.get(partition) ?? { lines: [], bytes: 0 };
    open.set(partition, object);
    object.lines.push(text);
    object.bytes += text.length;
    if (object.bytes > objectBytes) flush(partition);
  };
  const start = Date.parse('2026-11-23T08:00:00.000Z');
  let batch = [];
  let serverRow = 0;
  for (let made = 0; made < events; ) {
    const stream_id = `mij4${hex(8)}${hex(8)}`;
    const length = 1 + Math.floor(-Math.log(1 - dice()) * 6);
    const visitor_id = `v${hex(10)}`;
    for (let seq = 0; seq < length; seq++, made++) {
      const time = start + made * 2;
      const at = (ms) => new Date(time + ms).toISOString();
      const page = pages[Math.floor(dice() * pages.length)];
      const event = names[Math.floor(dice() * names.length)];
      const item = Math.floor(dice() * 1_000);
      const row = {
        event_id: `019abe0f-${hex(4)}-7${hex(3)}-9${hex(3)}-${hex(6)}${hex(6)}`,
        event,
        page,
        event_time: at(0),
        visitor_id,
        session_id: `s${hex(10)}`,
        stream_id,
        seq,
        os: 'ios',
        device: 'mobile',
        url: `https://shop.example/${page}/${item}?ref=${hex(6)}`,
        referrer: `https://shop.example/${page}`,
        title: `Item ${item} in ${page}: the shop of the example`,
        item_id: `${item}`,
        item_name: `Item ${item}`,
        item_quantity: 1,
        item_price: item / 4,
        currency: 'EUR',
        sdk: 'millrace-js/0.2.0',
        received_at: at(180),
        occurred_at: at(20),
      };
      const fate = dice();
      // Lost before a server had it, and something followed.
      if (fate < 0.005 && seq < length - 1) {
        truth.never_acknowledged++;
        continue;
      }
      batch.push(row);
      if (fate > 0.995) truth.lost_by_us++;
      else {
        put(page, event, row);
        truth.rows++;
        if (fate > 0.994) {
          put(page, event, row);
          truth.rows++;
        }
      }
      if (batch.length === 40) {
        put('_ledger', '_acknowledged', {
          page: '_ledger',
          event: '_acknowledged',
          received_at: at(200),
          server: 'run.0',
          server_row: serverRow++,
          acknowledged: ledgerText(batch),
        });
        batch = [];
      }
    }
  }
  if (batch.length > 0) {
    put('_ledger', '_acknowledged', {
      page: '_ledger',
      event: '_acknowledged',
      received_at: new Date(start).toISOString(),
      server: 'run.0',
      server_row: serverRow,
      acknowledged: ledgerText(batch),
    });
  }
  for (const partition of [...open.keys()]) flush(partition);
  return truth;
}
