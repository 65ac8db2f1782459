/** An event loop. Each turn polls the sockets and handles those that have data, one after the other. */
export interface Loop {
  now(): number;
  /** How long it has been idle altogether, in milliseconds. */
  idleMs(): number;
  /** How long the turn before this one took, in milliseconds, if it was a long one. */
  previousTurnMs(): number;
  /** Calls `task` when the turn has handled all sockets. */
  afterTurn(task: () => void): void;
}

/** Decides, request by request, whether the event loop has time for it. */
export interface Shedding {
  /** Whether to refuse the request that is being handled now. */
  sheds(): boolean;
}

/** A loop that keeps up is idle for some of each window, unless it has a burst to work off. */
const windowMs = 50;
/** Polling takes time too, which counts as idle. */
const idleShare = 0.03;
/**
 * How long a loop may work off a burst, or the queue behind a GC pause, before its turns become shorter; after as long
 * again they are at their shortest.
 */
const patienceMs = 100;
/** The shortest turn, as a share of the limit. */
const strictShare = 0.3;
/** About half of a turn's work is taking requests; answers, puts and refusals are the rest. */
const takingShare = 0.5;

/**
 * For how many milliseconds at most a turn takes requests, in a loop that has not been idle for `busyMs`. In overload,
 * a turn that was too long as a whole, because of other work or a slow machine, makes the next one shorter: an accepted
 * request waits for the sum of a few turns.
 */
export function turnMs(limitMs: number, busyMs: number, previousTurnMs: number): number {
  const strictness = Math.min(1, Math.max(0, busyMs / patienceMs - 1));
  const strictMs = limitMs * strictShare;
  const wholeMs = strictMs / takingShare;
  return limitMs - strictness * (limitMs - strictMs * Math.min(1, wholeMs / previousTurnMs));
}

/**
 * Requests that arrive during a turn wait, unseen by any handler, until the next: turns are the queue in front of the
 * server, and an accepted request needs three or four of them until its answer. So a turn takes requests for a limited
 * time and refuses the rest, which is quick.
 *
 * The time depends on the load, as in CoDel. A burst ends by itself and may take `limitMs`. In overload the loop is
 * never idle, and longer turns only make everybody wait longer: then turns are short, and requests that may have waited
 * through a turn that was not short are refused too.
 */
export function createShedding(loop: Loop, limitMs: number): Shedding {
  /** When the latest turn began; undefined before the first, because starting up is not a turn. */
  let began: number | undefined;
  let isTurning = false;
  let waitedAt = 0;
  let windowBegan = 0;
  let idleBefore = 0;

  function beginWindow(now: number) {
    windowBegan = now;
    idleBefore = loop.idleMs();
  }

  function beginTurn(now: number) {
    isTurning = true;
    loop.afterTurn(() => {
      isTurning = false;
    });
    if (began === undefined) {
      waitedAt = now;
      beginWindow(now);
    }
    began = now;
  }

  return {
    sheds() {
      const now = loop.now();
      if (!isTurning) beginTurn(now);
      const passedMs = now - windowBegan;
      if (passedMs >= windowMs) {
        if (loop.idleMs() - idleBefore >= passedMs * idleShare) waitedAt = now;
        beginWindow(now);
      }
      const busyMs = now - waitedAt;
      const previousTurnMs = loop.previousTurnMs();
      const waitedTooLong = busyMs > 2 * patienceMs && previousTurnMs > limitMs;
      return waitedTooLong || now - began! > turnMs(limitMs, busyMs, previousTurnMs);
    },
  };
}
