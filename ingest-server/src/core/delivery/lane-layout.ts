import { type HashRange, sameRanges } from './hash-ranges.js';
import type { LaneSpool } from './lane-spool.js';
import type { Lanes } from './lanes.js';

/** The lanes to lay, and the ranges to start with. */
export interface LaneLayoutOptions {
  lanes: Lanes;
  laneSpool: Pick<LaneSpool, 'adopt'>;
  ranges: readonly HashRange[];
  /** The ranges are a guess; the stream has not been asked successfully yet. */
  areGuessed: boolean;
  /** Hold until `begin` is called. */
  waits: boolean;
}

/** Which ranges of hash keys the lanes follow, and whether records may be put by them yet. */
export interface LaneLayout {
  isGuess(): boolean;
  /**
   * Whether nothing new may be put: the lanes are not those of the stream, so that a visitor would change shards and
   * lose the order; or crash recovery still runs.
   */
  holds(): boolean;
  /** The stream's open shards: the lanes follow once `moveIfIdle` finds nothing in flight. */
  useRanges(ranges: readonly HashRange[]): void;
  /** Crash recovery is done. */
  begin(): void;
  /** Lays the new lanes, if there are any to lay and nothing is in flight. */
  moveIfIdle(): void;
}

/** Lays the first lanes at once. */
export function createLaneLayout(options: LaneLayoutOptions): LaneLayout {
  const { lanes, laneSpool } = options;
  let { ranges, areGuessed: isGuess, waits } = options;
  let next: readonly HashRange[] | undefined;

  laneSpool.adopt(lanes.lay(ranges));

  return {
    isGuess: () => isGuess,
    holds: () => isGuess || waits || next !== undefined,
    useRanges(found) {
      isGuess = false;
      next = sameRanges(found, ranges) ? undefined : found;
    },
    begin() {
      waits = false;
    },
    moveIfIdle() {
      if (next === undefined || lanes.hasInFlight()) return;
      ranges = next;
      next = undefined;
      laneSpool.adopt(lanes.lay(ranges));
    },
  };
}
