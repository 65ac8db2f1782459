/**
 * An append-only list of bytes: blocks double up to 256 KiB, so that small lists waste little.
 */
export interface ByteList {
  readonly length: number;
  append(source: Buffer, start: number, end: number): void;
  appendByte(byte: number): void;
  /** Views of what is in it, in order. */
  blocks(): Buffer[];
}

const smallestBlock = 4 * 1024;
const largestBlock = 256 * 1024;

/** An empty list. */
export function createByteList(): ByteList {
  const full: Buffer[] = [];
  let block = Buffer.allocUnsafeSlow(smallestBlock);
  let used = 0;
  let length = 0;

  function grow(): void {
    full.push(block.subarray(0, used));
    block = Buffer.allocUnsafeSlow(Math.min(largestBlock, block.length * 2));
    used = 0;
  }

  return {
    get length() {
      return length;
    },
    append(source, start, end) {
      length += end - start;
      for (let at = start; at < end; ) {
        if (used === block.length) grow();
        const copied = source.copy(block, used, at, end);
        used += copied;
        at += copied;
      }
    },
    appendByte(byte) {
      if (used === block.length) grow();
      block[used++] = byte;
      length++;
    },
    blocks: () => [...full, block.subarray(0, used)],
  };
}
