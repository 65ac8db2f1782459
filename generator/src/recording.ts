import type { MillraceEvent } from '@millrace/sdk/schema';
import { parseRecorded } from './recorded-event.js';
import { type RecordedLine, recordingLines } from './recording-lines.js';

/** A line that is no event: `sessions.jsonl:12: /item_quantity: …`. */
export function refusalText({ file, number }: RecordedLine, path: string, message: string): string {
  return `${file}:${number}: ${path === '' ? '' : `${path}: `}${message}`;
}

/** The events of recordings, one file after the other; lines that do not fit go to `refuse`, which may throw to end it. */
export async function* recordedEvents(
  paths: readonly string[],
  refuse: (reason: string) => void,
): AsyncGenerator<MillraceEvent> {
  for (const path of paths) {
    for await (const line of recordingLines(path)) {
      const { event, refusal } = parseRecorded(line.text);
      if (event) yield event;
      else refuse(refusalText(line, refusal.path, refusal.message));
    }
  }
}

/**
 * Leaves out what has come before under the same event_id: a lake keeps copies that arrived twice, and under new ids they would become
 * events of their own. Remembers every id, about 100 bytes an event.
 */
export async function* withoutRepetitions(
  events: AsyncIterable<MillraceEvent> | Iterable<MillraceEvent>,
  onRepetition: () => void = () => {},
): AsyncGenerator<MillraceEvent> {
  const seen = new Set<string>();
  for await (const event of events) {
    if (seen.has(event.event_id)) onRepetition();
    else {
      seen.add(event.event_id);
      yield event;
    }
  }
}

/** What a look through a recording finds, before anything is sent. */
export interface RecordingCheck {
  events: number;
  /** How many of them are left out, because they have come before under the same event_id. */
  repeated: number;
  /** How many lines do not fit. */
  refused: number;
  /** Which streams it has events of. */
  streams: Set<string>;
  /** The events themselves, in the order of their times, when they are to be sorted. */
  sorted?: MillraceEvent[];
}

export async function checkRecording(
  paths: readonly string[],
  options: { sort: boolean; keepRepetitions: boolean; refuse: (reason: string) => void },
): Promise<RecordingCheck> {
  const check: RecordingCheck = { events: 0, repeated: 0, refused: 0, streams: new Set() };
  const all: MillraceEvent[] = [];
  const events = recordedEvents(paths, (reason) => {
    check.refused += 1;
    options.refuse(reason);
  });
  const counted = async function* () {
    for await (const event of events) {
      check.events += 1;
      yield event;
    }
  };
  const repetition = () => {
    check.repeated += 1;
  };
  for await (const event of options.keepRepetitions ? counted() : withoutRepetitions(counted(), repetition)) {
    check.streams.add(event.stream_id);
    if (options.sort) all.push(event);
  }
  // By time; within a stream its own numbers know better, as its clock may have been set back.
  if (options.sort) {
    const place = new Map<string, number>();
    all.sort((a, b) => a.seq - b.seq);
    // A stream's event is never placed before its predecessor.
    const keyed = all.map((event) => {
      const timeMs = Math.max(Date.parse(event.event_time), place.get(event.stream_id) ?? Number.NEGATIVE_INFINITY);
      place.set(event.stream_id, timeMs);
      return { event, timeMs };
    });
    check.sorted = keyed.sort((a, b) => a.timeMs - b.timeMs).map(({ event }) => event);
  }
  return check;
}
