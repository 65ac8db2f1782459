import type { MillraceEvent } from '@millrace/sdk/schema';
import { recordedEvents, withoutRepetitions } from './recorded-events.js';

/** What a recording holds, known before anything is sent. */
export interface RecordingCheck {
  events: number;
  /** How many of them are left out, because they have come before. */
  repeated: number;
  /** How many lines are not events. */
  refused: number;
  /** The streams of the events that are not left out. */
  streams: Set<string>;
  /** These events, in the order of their times; with `sort` only. */
  sorted?: MillraceEvent[];
}

/** How to read the recordings. */
export interface RecordingCheckOptions {
  /** Keep the events, in memory, and sort them. */
  sort: boolean;
  keepRepetitions: boolean;
  /** Hears of each line that is not an event. */
  refuse: (reason: string) => void;
}

/**
 * Reads recordings to the end.
 * @throws MillraceError `FILE_UNREADABLE`
 */
export async function checkRecording(
  paths: readonly string[],
  { sort, keepRepetitions, refuse }: RecordingCheckOptions,
): Promise<RecordingCheck> {
  const check: RecordingCheck = { events: 0, repeated: 0, refused: 0, streams: new Set() };
  const kept: MillraceEvent[] = [];
  const recorded = recordedEvents(paths, (reason) => {
    check.refused += 1;
    refuse(reason);
  });
  const counted = async function* () {
    for await (const event of recorded) {
      check.events += 1;
      yield event;
    }
  };
  const onRepetition = () => {
    check.repeated += 1;
  };
  for await (const event of keepRepetitions ? counted() : withoutRepetitions(counted(), onRepetition)) {
    check.streams.add(event.stream_id);
    if (sort) kept.push(event);
  }
  if (sort) check.sorted = sortedByTime(kept);
  return check;
}

/** By time; within a stream by position, as the device's clock may have been set back. */
function sortedByTime(events: MillraceEvent[]): MillraceEvent[] {
  const latestMs = new Map<string, number>();
  const keyed = events
    .sort((a, b) => a.seq - b.seq)
    .map((event) => {
      // Never before the stream's previous event.
      const timeMs = Math.max(Date.parse(event.event_time), latestMs.get(event.stream_id) ?? Number.NEGATIVE_INFINITY);
      latestMs.set(event.stream_id, timeMs);
      return { event, timeMs };
    });
  return keyed.sort((a, b) => a.timeMs - b.timeMs).map(({ event }) => event);
}
