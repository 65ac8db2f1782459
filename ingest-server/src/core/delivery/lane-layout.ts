import { type HashRange, sameRanges } from './hash-ranges.js';
import type { LaneSpool } from './lane-spool.js';
import type { Lanes } from './lanes.js';
import type { Spread } from './spread.js';

/** The lanes to lay, and the ranges to start with. */
export interface LaneLayoutOptions {
  lanes: Lanes;
  laneSpool: Pick<LaneSpool, 'adopt'>;
  spread: Spread;
  ranges: readonly HashRange[];
  /** The stream has not been asked successfully yet. */
  rangesAreGuessed?: boolean;
  /** Hold until `begin` is called. */
  waits?: boolean;
}

/** How many lanes there are, which shards they follow, and whether records may be put by them yet. */
export interface LaneLayout {
  /** Whether the shards that the lanes belong to are not known yet. */
  isGuess(): boolean;
  /**
   * Whether nothing new may be put: the lanes are about to change, and a visitor's events could overtake each other;
   * or crash recovery still runs.
   */
  holds(): boolean;
  /** The stream's open shards. Lanes that belong to shards follow once `moveIfIdle` finds nothing in flight. */
  useRanges(ranges: readonly HashRange[]): void;
  /** Crash recovery is done. */
  begin(): void;
  /** Lays the new lanes, if there are any to lay and nothing is in flight. */
  moveIfIdle(): void;
}

/** Lays the first lanes at once. */
export function createLaneLayout(options: LaneLayoutOptions): LaneLayout {
  const { lanes, laneSpool, spread } = options;
  let { ranges, rangesAreGuessed: isGuess = false, waits = false } = options;
  let next: readonly HashRange[] | undefined;

  const lay = () => laneSpool.adopt(lanes.lay(spread.lanes(lanes.list.length)));
  const wantsMove = () => next !== undefined || spread.lanes(lanes.list.length) !== lanes.list.length;

  spread.follow(ranges);
  lay();

  return {
    isGuess: () => isGuess && spread.keepsToShards,
    holds: () => (isGuess && spread.keepsToShards) || waits || wantsMove(),
    useRanges(found) {
      isGuess = false;
      next = undefined;
      if (sameRanges(found, ranges)) return;
      if (spread.keepsToShards) next = found;
      else {
        ranges = found;
        spread.follow(found);
      }
    },
    begin() {
      waits = false;
    },
    moveIfIdle() {
      if (!wantsMove() || lanes.hasInFlight()) return;
      if (next !== undefined) {
        ranges = next;
        next = undefined;
        spread.follow(ranges);
      }
      lay();
    },
  };
}
