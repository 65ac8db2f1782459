import type { LoggedRecord } from './records.js';

/** The first bytes of a segment's file. */
export const firstLine = Buffer.from('millrace-records 1\n');

/** The file of the segment whose first record has this number. */
export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.log`;

/** The number in a segment's name; undefined for another file. */
export function firstOf(name: string): number | undefined {
  const digits = /^(\d{16})\.log$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** The copy of a segment's damage that begins at this byte. */
export const damagedName = (segment: string, start: number): string => `${segment}.${start}.damaged`;

/** A damaged part of a segment. */
export interface Damage {
  /** In bytes. */
  start: number;
  end: number;
  /** How many records it cost, as far as their neighbours and their headers tell. */
  records: number;
}

/** What a segment holds. */
export interface SegmentScan {
  /** By number. */
  records: LoggedRecord[];
  damaged: Damage[];
  /** Where a write begins that was cut off. */
  tornAt: number | undefined;
}
