import { crc32 } from '@millrace/kit/crc32';
import { encodeFrame, type FramePlace } from '../../src/spool/frame.js';
import { scanFrames } from '../../src/spool/scan.js';
import { segmentHeader } from '../../src/spool/segment.js';

/** What may happen to a segment's file. */
export interface Damage {
  name: string;
  /** The file as it is afterwards. */
  change(bytes: Buffer, frames: readonly FramePlace[]): Buffer;
  /** The entries that it costs, by their place; all, if it is left out. */
  costs?: readonly number[];
  /** Of these, the entries that cannot be read by hand either; all, if it is left out. */
  isGone?: readonly number[];
}

const headerBytes = 24;

/** A frame with its header's checksum made right again. */
function withHeader(bytes: Buffer, { offset }: FramePlace, change: (header: Buffer) => void): Buffer {
  const header = bytes.subarray(offset, offset + headerBytes);
  change(header);
  header.writeUInt32LE(crc32(header.subarray(0, 16)), 16);
  return bytes;
}

function flipped(bytes: Buffer, at: number): Buffer {
  bytes[at]! ^= 0x10;
  return bytes;
}

const last = (frames: readonly FramePlace[]) => frames.length - 1;

/** Damage of every kind to a segment of four entries. */
export const damages: readonly Damage[] = [
  { name: 'a flipped byte in an event', change: (b, f) => flipped(b, f[1]!.offset + 60), costs: [1], isGone: [] },
  {
    name: 'a flipped byte in the first event',
    change: (b, f) => flipped(b, f[0]!.offset + 200),
    costs: [0],
    isGone: [],
  },
  {
    name: 'a flipped byte in the last event',
    change: (b, f) => flipped(b, f[3]!.offset + f[3]!.bytes - 2),
    costs: [3],
    isGone: [],
  },
  ...[0, 5, 9, 13, 17, 21].map((at) => ({
    name: `a flipped byte ${at} of an entry’s header`,
    change: (b: Buffer, f: readonly FramePlace[]) => flipped(b, f[2]!.offset + at),
    costs: [2],
    isGone: [],
  })),
  { name: 'a middle of zeros', change: (b, f) => b.fill(0, f[1]!.offset + 50, f[2]!.offset + 50), costs: [1, 2] },
  {
    name: 'a middle that is cut out',
    change: (b, f) => Buffer.concat([b.subarray(0, f[1]!.offset + 80), b.subarray(f[2]!.offset + 10)]),
    costs: [1, 2],
    isGone: [1],
  },
  {
    name: 'a length that is too large, in the middle',
    change: (b, f) => withHeader(b, f[1]!, (header) => header.writeUInt32LE(2 ** 24, 4)),
    costs: [1],
    isGone: [],
  },
  {
    name: 'a length that is too large, at the end',
    change: (b, f) => withHeader(b, f[last(f)]!, (header) => header.writeUInt32LE(header.readUInt32LE(4) + 1, 4)),
    costs: [3],
    isGone: [],
  },
  {
    name: 'a length that is too small',
    change: (b, f) => withHeader(b, f[1]!, (header) => header.writeUInt32LE(header.readUInt32LE(4) - 40, 4)),
    costs: [1],
    isGone: [],
  },
  {
    name: 'a checksum of zeros',
    change: (b, f) => b.fill(0, f[2]!.offset + 20, f[2]!.offset + 24),
    costs: [2],
    isGone: [],
  },
  ...['{"page":"books","event":', 'null', '[{}]', '{"a":1} {"b":2}'].map((text) => ({
    name: `an entry that is whole and no JSON object: ${text}`,
    change: (b: Buffer, f: readonly FramePlace[]) =>
      Buffer.concat([
        b.subarray(0, f[1]!.offset),
        ...encodeFrame({ hash: f[1]!.hash, events: 1, data: Buffer.from(`${text}\n`) }),
        b.subarray(f[2]!.offset),
      ]),
    costs: [1],
  })),
  {
    name: 'a first line of another version',
    change: (b) => flipped(b, segmentHeader.length - 2),
    costs: [],
    isGone: [],
  },
  { name: 'a first line of zeros', change: (b) => b.fill(0, 0, segmentHeader.length), costs: [], isGone: [] },
  { name: 'a file of zeros', change: (b) => Buffer.alloc(b.length) },
  { name: 'a file of one byte', change: () => Buffer.from('x') },
  { name: 'a file of something else', change: () => Buffer.from('{"this":"is no segment"}\n'.repeat(40)) },
];

/** The entries of a segment's file. */
export const framesOf = (bytes: Buffer) => scanFrames(bytes, segmentHeader.length).frames;
