import type { Random } from '@millrace/kit/seeded-random';
import { type RateCurve, steady } from './rate-curves.js';

/** What browsers send. */
export interface Traffic {
  /** In the mean. */
  eventsPerSecond: number;
  /** Each number between these is as likely. */
  eventsPerRequest: { least: number; most: number };
  /** How the rate changes; `steady` by default. */
  curve?: RateCurve;
}

/** One request of one visitor. */
export interface Arrival {
  visitor: number;
  events: number;
}

/** Requests as they come, in the order of time. */
export interface Arrivals {
  /** Visits the requests up to `ms` that were not visited before. */
  upTo(ms: number, visit: (arrival: Arrival) => void): void;
}

/** Requests at random, each independent of the others (a Poisson process), by `pickVisitor`. */
export function createArrivals(traffic: Traffic, random: Random, pickVisitor: () => number): Arrivals {
  const { eventsPerSecond, eventsPerRequest, curve = steady } = traffic;
  const { least, most } = eventsPerRequest;
  const requestsPerMs = eventsPerSecond / ((least + most) / 2) / 1_000;
  let nextAt = 0;
  /** What is left to wait, in units of the mean gap: a curve stretches it. */
  let wait = -Math.log(1 - random.unit());

  return {
    upTo(ms, visit) {
      while (nextAt < ms) {
        const rate = requestsPerMs * curve(nextAt);
        // A curve is looked at each millisecond at least.
        const step = Math.min(Math.floor(nextAt) + 1 - nextAt, rate > 0 ? wait / rate : Infinity);
        nextAt += step;
        wait -= step * rate;
        if (wait > 1e-9) continue;
        visit({ visitor: pickVisitor(), events: random.integer(least, most) });
        wait = -Math.log(1 - random.unit());
      }
    },
  };
}
