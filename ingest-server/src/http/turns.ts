/** Tasks of many, done in the turns of the event loop, so many of each in a turn. */
export interface Turns {
  /** Runs the task: now, or in a later turn where `who` has had enough of this one. In order for each. */
  take(who: string, task: () => void): void;
}

interface Waiting {
  /** Tasks of this turn. */
  done: number;
  later: (() => void)[];
}

/**
 * A fair share of each turn. Without it one sender with hundreds of connections fills a turn, and all who come
 * meanwhile wait for its end.
 * @param mostATurn tasks of each in a turn
 * @param afterTurn calls its argument when the loop has handled all sockets
 */
export function createTurns(mostATurn: number, afterTurn: (next: () => void) => void): Turns {
  let turn = new Map<string, Waiting>();

  function next() {
    const before = turn;
    turn = new Map();
    for (const [who, { later }] of before) for (const task of later) take(who, task);
  }

  function take(who: string, task: () => void) {
    if (turn.size === 0) afterTurn(next);
    let waiting = turn.get(who);
    if (waiting === undefined) {
      waiting = { done: 0, later: [] };
      turn.set(who, waiting);
    }
    if (waiting.done === mostATurn) {
      waiting.later.push(task);
      return;
    }
    waiting.done += 1;
    task();
  }

  return { take };
}
