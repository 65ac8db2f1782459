/**
 * What one lane should get: a record of 24 kB is full after 70 ms of it. With more lanes a record waits for longer, or
 * leaves before it is full; with fewer it waits for the answer to the one before it.
 */
const bytesPerSecondOfALane = 24_000 / 0.07;
/** Over how long the rate is measured, and how often the number of lanes may change; the first time sooner. */
const windowMs = 10_000;
const firstWindowMs = 1_000;
/** How far from the right number it may be. To change it, all lanes wait until nothing is in flight. */
const tolerance = 0.25;

/** How many lanes a server's own rate fills. */
export interface LaneCount {
  /** Bytes came in. */
  took(bytes: number, now: number): void;
  /** How many lanes there should be, if there are so many now. */
  wanted(present: number): number;
}

/** For a server that begins with one lane. */
export function createLaneCount(): LaneCount {
  let since: number | undefined;
  let bytes = 0;
  let ideal: number | undefined;
  return {
    took(more, now) {
      since ??= now;
      if (now - since >= (ideal === undefined ? firstWindowMs : windowMs)) {
        ideal = (bytes * 1_000) / (now - since) / bytesPerSecondOfALane;
        since = now;
        bytes = 0;
      }
      bytes += more;
    },
    wanted(present) {
      if (ideal === undefined) return Math.max(1, present);
      const isNear = Math.abs(ideal - present) <= tolerance * present;
      return isNear ? present : Math.max(1, Math.round(ideal));
    },
  };
}
