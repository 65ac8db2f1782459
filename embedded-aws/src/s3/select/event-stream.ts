import { crc32 } from '../crc.js';

/**
 * Messages of an AWS event stream: lengths, headers, payload and two checksums.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/RESTSelectObjectAppendix.html
 */
const preludeBytes = 12;
const checksumBytes = 4;
/** A header's value is text. */
const textType = 7;

function eventMessage(headers: Readonly<Record<string, string>>, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => header(name, value)));
  const message = Buffer.alloc(preludeBytes + head.length + payload.length + checksumBytes);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(head.length, 4);
  checksum(message.subarray(0, 8)).copy(message, 8);
  head.copy(message, preludeBytes);
  payload.copy(message, preludeBytes + head.length);
  checksum(message.subarray(0, -checksumBytes)).copy(message, message.length - checksumBytes);
  return message;
}

function header(name: string, value: string): Buffer {
  const text = Buffer.from(value);
  const length = Buffer.alloc(3);
  length.writeUInt8(textType, 0);
  length.writeUInt16BE(text.length, 1);
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name), length, text]);
}

function checksum(data: Buffer): Buffer {
  const crc = crc32();
  crc.update(data);
  return crc.digest();
}

const event = (type: string, contentType?: string) => ({
  ':message-type': 'event',
  ':event-type': type,
  ...(contentType ? { ':content-type': contentType } : {}),
});

/** How many bytes a query has scanned and returned. */
export interface ScanStats {
  /** As stored. */
  bytesScanned: number;
  /** Once decompressed. */
  bytesProcessed: number;
  bytesReturned: number;
}

/** Rows of the answer; a row may be split between two messages. */
export const recordsMessage = (payload: Buffer): Buffer =>
  eventMessage(event('Records', 'application/octet-stream'), payload);

/** `Stats` comes once at the end; `Progress`, if the request asks for it, before it. */
export const statsMessage = (type: 'Stats' | 'Progress', stats: ScanStats): Buffer =>
  eventMessage(
    event(type, 'text/xml'),
    Buffer.from(
      `<?xml version="1.0" encoding="UTF-8"?><${type}><BytesScanned>${stats.bytesScanned}</BytesScanned>` +
        `<BytesProcessed>${stats.bytesProcessed}</BytesProcessed><BytesReturned>${stats.bytesReturned}</BytesReturned></${type}>`,
    ),
  );

/** The last message of a complete answer. */
export const endMessage = (): Buffer => eventMessage(event('End'));

/** A failure after the answer has started. */
export const errorMessage = (code: string, message: string): Buffer =>
  eventMessage({ ':message-type': 'error', ':error-code': code, ':error-message': message.slice(0, 1000) });
