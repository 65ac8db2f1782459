import type { Socket } from 'node:net';

/**
 * Refuses an HTTP/2 client, so that it gets an error at once instead of waiting. The client begins with a fixed
 * text ("prior knowledge", https://www.rfc-editor.org/rfc/rfc9113#section-3.4); the answer is the least that it
 * understands: SETTINGS, then GOAWAY.
 */
const preface = Buffer.from('PRI * HTTP/2.0');

/** Whether the first bytes of a connection are those of HTTP/2. */
export const isHttp2Preface = (packet: Buffer | undefined): boolean =>
  packet?.subarray(0, preface.length).equals(preface) ?? false;

const settingsType = 4;
const goAwayType = 7;
/** "the endpoint requires that HTTP/1.1 be used", RFC 9113, section 7 */
const http11Required = 0xd;

/** A frame of the whole connection: length (3 bytes), type, flags, stream 0 (4 bytes), content. */
function frame(type: number, content: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head.writeUInt8(type, 3);
  return Buffer.concat([head, content]);
}

/** Answers SETTINGS and GOAWAY, and closes the connection. */
export function refuseHttp2(socket: Socket): void {
  const goAway = Buffer.alloc(8);
  goAway.writeUInt32BE(http11Required, 4);
  socket.end(Buffer.concat([frame(settingsType, Buffer.alloc(0)), frame(goAwayType, goAway)]));
  // The client may still be sending: its bytes are thrown away, and the connection must not linger.
  socket.resume();
  setTimeout(() => socket.destroy(), 1_000).unref();
}
