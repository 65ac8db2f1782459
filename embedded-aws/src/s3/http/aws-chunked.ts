import { incompleteBody, S3Error } from '../errors.js';

/**
 * Removes the framing of an `aws-chunked` body (`x-amz-content-sha256: STREAMING-…`):
 *
 *     <length in hex>[;chunk-signature=…]\r\n <data> \r\n … 0[;chunk-signature=…]\r\n [<trailer>:<value>\r\n …] \r\n
 *
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html. Chunk signatures are not verified.
 */
export interface AwsChunkedDecoder {
  /**
   * The data in the next piece of the body, as slices of it.
   * @throws S3Error InvalidRequest when the framing is invalid
   */
  push(piece: Buffer): Buffer[];
  /** The trailers, names in lower case. @throws S3Error IncompleteBody when the last chunk is missing */
  end(): Record<string, string>;
}

const maxLineBytes = 8 * 1024;

/** A decoder for one body. */
export function createAwsChunkedDecoder(): AwsChunkedDecoder {
  type State = 'size' | 'data' | 'afterData' | 'trailers' | 'done';
  let state: State = 'size';
  let remaining = 0;
  /** The beginning of a line whose end is in a later piece. */
  let line = '';
  const trailers: Record<string, string> = {};

  function endLine(text: string): void {
    if (state === 'size') {
      const match = /^([0-9a-fA-F]{1,12})(?:;.*)?$/.exec(text);
      if (!match) throw broken(`a chunk begins with "${text.slice(0, 40)}" where its length in hex should be`);
      remaining = Number.parseInt(match[1]!, 16);
      state = remaining === 0 ? 'trailers' : 'data';
    } else if (state === 'afterData') {
      if (text !== '') throw broken('a chunk is longer than the length it gives');
      state = 'size';
    } else if (text === '') {
      state = 'done';
    } else {
      addTrailer(text);
    }
  }

  function addTrailer(text: string): void {
    const colon = text.indexOf(':');
    if (colon < 1)
      throw new S3Error('MalformedTrailerError', 'The request contained trailing data that was not well-formed.', 400);
    trailers[text.slice(0, colon).trim().toLowerCase()] = text.slice(colon + 1).trim();
  }

  return {
    push(piece) {
      const data: Buffer[] = [];
      let at = 0;
      while (at < piece.length && state !== 'done') {
        if (state === 'data') {
          const slice = piece.subarray(at, at + remaining);
          data.push(slice);
          at += slice.length;
          remaining -= slice.length;
          if (remaining === 0) state = 'afterData';
          continue;
        }
        const newline = piece.indexOf(0x0a, at);
        line += piece.toString('latin1', at, newline === -1 ? piece.length : newline);
        if (line.length > maxLineBytes) throw broken('a line is longer than 8 KiB');
        if (newline === -1) break;
        at = newline + 1;
        const text = line.endsWith('\r') ? line.slice(0, -1) : line;
        line = '';
        endLine(text);
      }
      return data;
    },
    end() {
      // Some clients leave out the empty line that ends the trailers.
      if (state === 'trailers' && line.trim() !== '') addTrailer(line.trim());
      if (state !== 'done' && state !== 'trailers')
        throw incompleteBody('The aws-chunked body ended before its last chunk, which has the length 0.');
      return trailers;
    },
  };
}

const broken = (why: string) => new S3Error('InvalidRequest', `The aws-chunked body is malformed: ${why}.`, 400);
