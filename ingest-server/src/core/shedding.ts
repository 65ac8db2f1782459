/** An event loop: each turn finds out which sockets have something, and handles it for one after the other. */
export interface Loop {
  now(): number;
  /** How long it has waited for something to do, altogether, in milliseconds. */
  idleMs(): number;
  /** Calls `task` when the turn has handled all sockets. */
  afterTurn(task: () => void): void;
}

export interface Shedding {
  /** Whether to refuse a request that is looked at now. */
  sheds(): boolean;
}

/** Over so long a time a loop that keeps up waits now and then, whatever burst or pause of the collector there was. */
const windowMs = 100;
/** Asking for sockets takes time, too, which is counted as waiting. */
const idleShare = 0.03;
/** How much shorter turns are in overload. */
const strictShare = 0.1;

/**
 * What arrives while the loop turns waits, unseen by any handler, until the next turn: turns are the queue in front of the server, and an
 * accepted request needs three or four of them until it is answered. So a turn takes requests for so long, and refuses those that are left,
 * which is quick.
 *
 * How long depends, as in CoDel: a burst may take `limitMs`, for it ends by itself. In overload, which is when the loop has not waited for a
 * while, all that a long turn does is to let everybody wait longer: then turns are kept short, and what may have waited too long during one
 * that was not is refused, too.
 */
export function createShedding(loop: Loop, limitMs: number): Shedding {
  /** When the present turn began, or the latest; undefined before the first, because starting up is no turn. */
  let began: number | undefined;
  let isTurning = false;
  let previousMs = 0;
  let isOverload = false;
  let windowBegan = 0;
  let idleBefore = 0;

  function beginTurn(now: number) {
    isTurning = true;
    loop.afterTurn(() => {
      isTurning = false;
    });
    const isFirst = began === undefined;
    previousMs = now - (began ?? now);
    began = now;
    if (!isFirst && now - windowBegan < windowMs) return;
    const idle = loop.idleMs();
    isOverload = !isFirst && idle - idleBefore < (now - windowBegan) * idleShare;
    windowBegan = now;
    idleBefore = idle;
  }

  return {
    sheds() {
      const now = loop.now();
      if (!isTurning) beginTurn(now);
      const tookMs = now - began!;
      return isOverload ? tookMs > limitMs * strictShare || previousMs > limitMs : tookMs > limitMs;
    },
  };
}
