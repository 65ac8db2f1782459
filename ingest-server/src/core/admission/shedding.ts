/** An event loop: each turn finds out which sockets have something, and handles it for one after the other. */
export interface Loop {
  now(): number;
  /** How long it has waited for something to do, altogether, in milliseconds. */
  idleMs(): number;
  /** How long the turn before this one took, in milliseconds, where it was a long one. */
  previousTurnMs(): number;
  /** Calls `task` when the turn has handled all sockets. */
  afterTurn(task: () => void): void;
}

export interface Shedding {
  /** Whether to refuse a request that is looked at now. */
  sheds(): boolean;
}

/** A loop that keeps up waits some of each such time, unless it has a burst to work off. */
const windowMs = 50;
/** Asking for sockets takes time, too, which is counted as waiting. */
const idleShare = 0.03;
/** So long a loop may work off a burst, or what came during a pause of the collector, before its turns become shorter; in as long again they are as short as they get. */
const patienceMs = 100;
/** How much shorter that is. */
const strictShare = 0.3;
/** Of a turn's work to take requests is about half; answers, puts and refusals are the rest. */
const takingShare = 0.5;

/**
 * How long a turn takes requests, at most, in a loop that has not waited for `busyMs`. Then also a turn that was longer as a whole than it should
 * be, because there was other work or the machine was slow, makes the next one shorter: an accepted request waits for the sum of some turns.
 */
export function turnMs(limitMs: number, busyMs: number, previousTurnMs: number): number {
  const strictness = Math.min(1, Math.max(0, busyMs / patienceMs - 1));
  const strictMs = limitMs * strictShare;
  const wholeMs = strictMs / takingShare;
  return limitMs - strictness * (limitMs - strictMs * Math.min(1, wholeMs / previousTurnMs));
}

/**
 * What arrives while the loop turns waits, unseen by any handler, until the next turn: turns are the queue in front of the server, and an
 * accepted request needs three or four of them until it is answered. So a turn takes requests for so long, and refuses those that are left,
 * which is quick.
 *
 * How long depends, as in CoDel: a burst may take `limitMs`, for it ends by itself. In overload, which is when the loop does not wait any more,
 * all that a long turn does is to let everybody wait longer: then turns are kept short, and what may have waited too long during one that was
 * not is refused, too.
 */
export function createShedding(loop: Loop, limitMs: number): Shedding {
  /** When the present turn began, or the latest; undefined before the first, because starting up is no turn. */
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
