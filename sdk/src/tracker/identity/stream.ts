import type { Entry } from '../queue/entry.js';
import { shortId } from './short-id.js';

/** Numbers the events of a page. */
export interface Stream {
  /**
   * Gives an event the next seq. Every seq given out must be stored; otherwise the audit sees a loss.
   * @param facts the event as a JSON object without its last brace
   */
  _next(at: number, facts: string): Entry;
  /** Stores how far the stream got. Set by `reports` and `clock`. */
  _note?(): void;
  /** The next event starts another stream: of another visitor, or timed by another clock. */
  _end(): void;
}

/**
 * The stream of one page's life, one visitor and one clock. A page never continues another's stream, because a browser
 * that was killed falls back to an older state of its storage and would give a seq out twice. So a duplicated tab needs
 * no care either.
 */
export function createStream(): Stream {
  let id = '';
  let seq: number;
  return {
    _next(at, facts) {
      seq++;
      if (!id) {
        id = shortId(at);
        seq = 0;
      }
      return { stream: id, seq, at, text: `${at}${facts}}` };
    },
    _end() {
      id = '';
    },
  };
}
