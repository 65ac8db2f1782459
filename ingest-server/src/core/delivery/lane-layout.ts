import { type HashRange, middleOf, sameRanges } from './hash-ranges.js';
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
  /** The explicit hash key of a lane's next record. */
  keyOf(lane: number): string;
  /** Lays the new lanes, if there are any to lay and nothing is in flight. */
  moveIfIdle(): void;
}

/** Lays the first lanes at once. */
export function createLaneLayout(options: LaneLayoutOptions): LaneLayout {
  const { lanes, laneSpool } = options;
  let { ranges, areGuessed: isGuess, waits } = options;
  let next: readonly HashRange[] | undefined;

  let keys = ranges.map(middleOf);
  laneSpool.adopt(lanes.lay(ranges.length));

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
    keyOf: (lane) => keys[lane]!,
    moveIfIdle() {
      if (next === undefined || lanes.hasInFlight()) return;
      ranges = next;
      next = undefined;
      keys = ranges.map(middleOf);
      laneSpool.adopt(lanes.lay(ranges.length));
    },
  };
}
