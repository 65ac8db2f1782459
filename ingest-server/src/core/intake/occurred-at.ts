import { formatTime, parseTime } from './iso-time.js';

/** When an event happened, by the server's clock. */
export interface Occurred {
  /** Undefined where `event_time` is all that is known. */
  readonly at: string | undefined;
  /** What the device says cannot be: `at` is when the server had the event. */
  readonly isClockOff: boolean;
}

const dayMs = 24 * 60 * 60 * 1000;
/** A clock that is further off than a year was not set, or is made up. */
const maxCorrectionMs = 366 * dayMs;
/** No event happens after it was received, but clocks are compared over a network. */
const aheadMs = 60_000;
/** Older than any shop on the web. */
const earliestMs = Date.parse('1995-01-01T00:00:00.000Z');

const asTold: Occurred = { at: undefined, isClockOff: false };

/**
 * Corrects the times of one request's events by the difference between the device's clock and ours: `sentAt` is when it
 * sent them, by its own clock. A correction of more than a year, and a time that is still to come or before the web's
 * first shops, is not believed: then the event happened when it was received, and is marked.
 */
export function createTimeCorrection(receivedAt: number, sentAt: number | undefined): (eventTime: string) => Occurred {
  const refused: Occurred = { at: formatTime(receivedAt), isClockOff: true };
  const correctionMs = sentAt === undefined ? 0 : receivedAt - sentAt;
  if (Math.abs(correctionMs) > maxCorrectionMs) return () => refused;
  return (eventTime) => {
    const ms = parseTime(eventTime) + correctionMs;
    if (ms > receivedAt + aheadMs || ms < earliestMs) return refused;
    return sentAt === undefined ? asTold : { at: formatTime(ms), isClockOff: false };
  };
}
