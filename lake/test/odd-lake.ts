import { createHash } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { PlainObject } from './audit-reference.js';
import type { Dice } from './random-lake.js';

/** A file of a lake. */
export interface OddFile {
  key: string;
  bytes: Buffer;
  /** The rows that are to be written as Parquet instead of the bytes. */
  parquet?: Record<string, unknown>[];
}

const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;

/** Values that something may write where a text, a number or a time belongs, as JSON. */
const values = [
  ...['null', 'true', '5', '-1', '-0', '0.5', '1e3', '2.0', '1e400', '12345678901234567890', '9007199254740993'],
  ...['""', '" 3 "', '"1e1"', '"x"', '"\\ud800"', '"\\u0000"', '[]', '{}', '[1]', '{"seq":1}', deep],
];
const fields = ['event_id', 'stream_id', 'seq', 'received_at', 'event_time', 'after_stream_id', 'after_seq', 'sdk'];
const ledgerFields = ['server', 'server_row', 'acknowledged', 'received_at'];

/** Lines that no event is, or that only look like one. */
const strangers = [
  ...['null', '[]', '[{"event_id":"1"}]', '5', '"x"', 'true', '{', '{}', '{"a":1}}', '{"a":1} {"a":2}', '{"a":1},'],
  ...["{'a':1}", '{"a":NaN}', '{"seq":01}', '{"a":1,}', '\0', ' ', '\t', '\r', '\ufeff', '\u00a0', deep],
  ...['{"stream_id":"odd","seq":0}\0', `{"a":${deep}}`, '{"stream_id":"odd","seq":1e0,"event_id":"o"}', '{"":""}'],
  ...['{"event_id":"k","title":"\\",\\"seq\\":7,\\"stream_id\\":\\"odd"}', '{"__proto__":{"stream_id":"odd","seq":3}}'],
];

/** Changes what a line says, or how it is written. */
function oddLine(dice: Dice, line: string, isLedger: boolean): string {
  const field = dice.one(isLedger ? ledgerFields : fields);
  const value = dice.one(values);
  const end = line.lastIndexOf('}');
  switch (dice.upTo(9)) {
    case 0:
      return `${line.slice(0, end)},"${field}":${value}}`;
    case 1:
      return `{"${field}":${value},${line.slice(1)}`;
    case 2:
      return line.replace(`"${field}"`, `"\\u${field.charCodeAt(0).toString(16).padStart(4, '0')}${field.slice(1)}"`);
    case 3:
      return `{"properties":{"${field}":${value}},${line.slice(1)}`;
    case 4:
      return `{"title":"ä\\",\\"${field}\\":${dice.upTo(9)},\\"",${line.slice(1)}`;
    case 5:
      return `${line.slice(0, dice.upTo(line.length))}`;
    case 6:
      return `${dice.one(['\ufeff', ' ', '\t', '\u00a0'])}${line} `;
    case 7:
      return `{"title":"${'é'.repeat(150_000)}",${line.slice(1)}`;
    case 8:
      return `${line}${line}`;
    default:
      return `${dice.one(strangers)}\n${line}`;
  }
}

/** Bytes that are no UTF-8, within a text of a line. */
function brokenLetters(dice: Dice, line: string): Buffer {
  const broken = dice.one(['ff', 'c3', 'eda080', 'c0af', '80']);
  const field = dice.one(['title', 'stream_id', 'other', 'x']);
  return Buffer.concat([Buffer.from(`{"${field}":"`), Buffer.from(broken, 'hex'), Buffer.from(`",${line.slice(1)}`)]);
}

function oddText(dice: Dice, lines: readonly string[], isLedger: boolean): Buffer {
  const ends = dice.one(['\n', '\n', '\r\n', '\n\n', '\n \n']);
  const parts = lines.flatMap((line, n) => {
    const isOdd = line.startsWith('{') && dice.once(8);
    const bytes = isOdd && dice.once(6) ? brokenLetters(dice, line) : isOdd ? oddLine(dice, line, isLedger) : line;
    return [Buffer.from(bytes as string), Buffer.from(n === lines.length - 1 && dice.once(3) ? '' : ends)];
  });
  return Buffer.concat(parts);
}

/** The text as an object's bytes, whole or not. */
function packed(dice: Dice, text: Buffer): Buffer {
  const half = dice.upTo(text.length);
  const gzip = gzipSync(text);
  switch (dice.upTo(15)) {
    case 0:
      return Buffer.concat([gzipSync(text.subarray(0, half)), gzipSync(text.subarray(half))]);
    case 1:
      return Buffer.concat([gzip, Buffer.alloc(dice.upTo(600))]);
    case 2:
      return Buffer.concat([gzip, Buffer.from(dice.one(['garbage', '\n', '\x1f']))]);
    case 3:
      return gzip.subarray(0, dice.upTo(gzip.length));
    case 4:
      gzip[dice.upTo(gzip.length - 1)]! ^= 1 << dice.upTo(7);
      return gzip;
    case 5:
    case 6:
      return text;
    default:
      return gzip;
  }
}

/** Random shapes of a lake's objects, and files beside them that are none. */
export function oddFiles(dice: Dice, objects: readonly PlainObject[]): OddFile[] {
  const files = objects.map(({ key, lines }): OddFile => {
    const isEvents = /^page=[a-z]/.test(key);
    if (isEvents && dice.once(12)) {
      return {
        key: `${key}.parquet`,
        bytes: Buffer.alloc(0),
        parquet: lines.map(object).filter((row) => row !== undefined),
      };
    }
    return { key, bytes: packed(dice, oddText(dice, lines, key.startsWith('page=_ledger'))) };
  });
  const foreign = ['page=books/event=x/.a.gz', 'page=books/event=x/_SUCCESS', 'a.json', 'other/a.json', '.b/page=x/a'];
  if (dice.once(2)) files.push({ key: dice.one(foreign), bytes: Buffer.from('{"stream_id":"odd","seq":9}\n') });
  if (dice.once(9))
    files.push({ key: dice.one(['page=books/loose.json', 'page=books/event=x/a.zst']), bytes: deepBytes });
  if (dice.once(9)) files.push({ key: 'page=books/event=x/bad.parquet', bytes: Buffer.from('PAR1 no more') });
  if (dice.once(9)) files.push({ key: 'page=books/event=x/empty.gz', bytes: Buffer.alloc(0) });
  if (dice.once(9)) files.push({ key: 'page=books/event=x/empty', bytes: Buffer.alloc(0) });
  if (dice.once(9)) {
    const rawData = dice.one([
      deep,
      'QUFB'.repeat(3_000_000),
      '{"stream_id":"odd","seq":4}',
      `{"stream_id":${deep}}`,
      5,
    ]);
    files.push({
      key: 'errors/x/2026/11/23/08/odd',
      bytes: Buffer.from(`${JSON.stringify({ rawData })}\nno json\n5\n`),
    });
  }
  if (dice.once(9)) {
    const raw = dice.one([deep, `{"stream_id":${deep},"seq":1}`, `{"properties":${deep},"stream_id":"odd","seq":2}`]);
    files.push({ key: 'page=_quarantine/event=_x/odd', bytes: Buffer.from(`${JSON.stringify({ raw })}\n`) });
  }
  return files;
}

const deepBytes = Buffer.from(deep);

function object(line: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(line);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a reader that knows no haste finds in the files: objects as lines, and how many files it cannot read. */
export function readSlowly(files: readonly OddFile[]): { objects: PlainObject[]; damaged: number; strange: number } {
  const objects: PlainObject[] = [];
  let damaged = 0;
  let strange = 0;
  for (const { key, bytes, parquet } of files) {
    const folders = key.split('/');
    const isPart = folders[0]!.startsWith('page=') || folders[0] === 'errors';
    if (!isPart || /^[._]/.test(folders.at(-1)!)) continue;
    if (folders[0] !== 'errors' && (!folders[1]!.startsWith('event=') || key.endsWith('.zst'))) {
      strange += 1;
      continue;
    }
    if (key.endsWith('.parquet')) {
      if (parquet) objects.push({ key, lines: parquet.map((row) => JSON.stringify(row)) });
      else damaged += 1;
      continue;
    }
    const isGzip = (bytes[0] === 0x1f && bytes[1] === 0x8b) || (key.endsWith('.gz') && bytes[0] !== 0x7b);
    let text = bytes;
    try {
      if (isGzip) text = gunzipSync(bytes);
      if (isGzip && bytes.length === 0) throw new Error('empty');
    } catch {
      damaged += 1;
      continue;
    }
    objects.push({ key, lines: linesOf(text) });
  }
  return { objects: objects.sort((a, b) => (a.key < b.key ? -1 : 1)), damaged, strange };
}

/** The lines of a text; one that is no UTF-8 is a line that is no JSON. */
function linesOf(text: Buffer): string[] {
  const lines: string[] = [];
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const bytes = text.subarray(from, end < 0 ? text.length : end);
    const line = bytes.toString();
    lines.push(Buffer.from(line).equals(bytes) ? line : `no UTF-8: ${createHash('md5').update(bytes).digest('hex')}`);
    from = end < 0 ? text.length : end + 1;
  }
  return lines;
}
