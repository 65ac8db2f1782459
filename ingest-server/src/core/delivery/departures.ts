import { type Call, packCalls } from './calls.js';
import { callPauseMs } from './filling.js';
import type { Lane } from './lane.js';
import type { LaneLayout } from './lane-layout.js';
import type { LaneSpool } from './lane-spool.js';
import type { Lanes } from './lanes.js';
import type { Spread } from './spread.js';
import type { StreamState } from './stream-state.js';

/** The lanes, and where their chunks leave to. */
export interface DeparturesOptions {
  lanes: Lanes;
  layout: LaneLayout;
  laneSpool: Pick<LaneSpool, 'spillLane' | 'wantsRefill' | 'refill'>;
  spread: Pick<Spread, 'keyOf'>;
  stream: Pick<StreamState, 'isOut'>;
  /** How long a quiet lane waits for company. */
  lingerMs: number;
  /** How long a request waits for the stream before the spool takes its events. */
  ackTimeoutMs: number;
  send(call: Call): void;
}

/** Decides when what waits in the lanes leaves, for the stream or for the spool. */
export interface Departures {
  /** Lets leave all that is due at `now`. */
  run(now: number): void;
  /** When something of the lane is due, by the delivery's clock; Infinity for nothing. */
  dueOf(lane: Lane): number;
  /** When something of any lane is due. */
  nextDue(now: number): number;
  /** No lane lingers from now on. */
  hurry(): void;
}

/** The departures of a delivery; they hold while its layout does. */
export function createDepartures(options: DeparturesOptions): Departures {
  const { lanes, layout, laneSpool, spread, stream, ackTimeoutMs, send } = options;
  let { lingerMs } = options;
  /** No call leaves before. */
  let openAt = 0;

  function sendDue(now: number) {
    if (now < openAt) return;
    const due = lanes.list.filter((lane) => lane.leavesAt(lingerMs) <= now);
    if (due.length === 0) return;
    openAt = now + Math.min(callPauseMs, lingerMs / 2);
    for (const call of packCalls(stream.isOut() ? probe(due) : due, spread.keyOf)) send(call);
  }

  /**
   * During an outage one record at a time probes the stream: to pack and sign all of them for nothing costs much CPU.
   */
  function probe(due: readonly Lane[]): readonly Lane[] {
    if (lanes.hasInFlight()) return [];
    return [due.reduce((first, lane) => (lane.retryAt < first.retryAt ? lane : first))];
  }

  function dueOf(lane: Lane): number {
    const spills = lane.spillsAt(ackTimeoutMs);
    return layout.holds() ? spills : Math.min(spills, Math.max(openAt, lane.leavesAt(lingerMs)));
  }

  return {
    dueOf,
    run(now) {
      for (const lane of lanes.list) if (lane.spillsAt(ackTimeoutMs) <= now) laneSpool.spillLane(lane);
      if (layout.holds()) return;
      sendDue(now);
      for (const lane of lanes.list) if (lane.retryAt <= now && laneSpool.wantsRefill(lane)) laneSpool.refill(lane);
    },
    nextDue(now) {
      let at = Infinity;
      for (const lane of lanes.list) {
        at = Math.min(at, dueOf(lane));
        if (layout.holds()) continue;
        if (lane.retryAt > now && laneSpool.wantsRefill(lane)) at = Math.min(at, lane.retryAt);
      }
      return at;
    },
    hurry() {
      lingerMs = 0;
      openAt = 0;
    },
  };
}
