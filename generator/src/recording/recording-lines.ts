import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import { trafficError } from '../traffic-error.js';

/** A line of a recording, and its place. */
export interface RecordedLine {
  /** The path as given; `stdin` for `-`. */
  file: string;
  /** From 1. */
  number: number;
  text: string;
}

/** RFC 1952: how every gzip member begins. */
function isGzip(first: Buffer): boolean {
  return first[0] === 0x1f && first[1] === 0x8b;
}

/** The bytes before compression, whatever the file's name. */
async function* plainBytes(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let ended = false;
  while (head.length < 2 && !ended) {
    const { value, done } = await chunks.next();
    if (done) ended = true;
    else head = Buffer.concat([head, value]);
  }
  async function* all() {
    yield head;
    while (!ended) {
      const { value, done } = await chunks.next();
      if (done) return;
      yield value;
    }
  }
  if (!isGzip(head)) return yield* all();
  const gunzip = createGunzip();
  const fed = (async () => {
    for await (const chunk of all()) {
      if (!gunzip.write(chunk)) await new Promise((resolve) => gunzip.once('drain', resolve));
    }
    gunzip.end();
  })();
  // A failing source ends the reader below with its error.
  fed.catch((error: Error) => gunzip.destroy(error));
  yield* gunzip as AsyncIterable<Buffer>;
}

/**
 * The lines of a recording, plain or gzip; `-` is stdin. Empty lines are skipped, but counted.
 * @throws MillraceError `FILE_UNREADABLE`, which names the file and the line
 */
export async function* recordingLines(path: string): AsyncGenerator<RecordedLine> {
  const file = path === '-' ? 'stdin' : path;
  const decoder = new TextDecoder();
  let number = 0;
  let rest = '';
  const line = (text: string): RecordedLine[] => {
    number += 1;
    return text.trim() === '' ? [] : [{ file, number, text }];
  };
  try {
    const source = path === '-' ? process.stdin : createReadStream(path);
    for await (const chunk of plainBytes(source as AsyncIterable<Buffer>)) {
      const texts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = texts.pop()!;
      for (const text of texts) yield* line(text);
    }
    if (rest !== '') yield* line(rest);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : message;
    const place = number > 0 ? ` after line ${number}` : '';
    throw trafficError('FILE_UNREADABLE', `cannot read ${file}${place}: ${why}`, { cause: error });
  }
}
