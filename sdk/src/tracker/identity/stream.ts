import type { Entry } from '../queue/entry.js';
import { shortId } from './short-id.js';

/** How far the visitor's streams got, over pages and tabs. */
export interface StreamRecords {
  _note(stream: string, seq: number): void;
  /**
   * The oldest stream whose end no event has named, as members of a JSON object, with a comma before; empty for none.
   * So each is named in the end, also after several tabs.
   */
  _previous(): string;
}

/** Numbers the events of a page. */
export interface Stream {
  /** Set by `reports` and `clock`. */
  _records?: StreamRecords;
  /**
   * Gives an event the next seq. Every seq given out must be stored; otherwise the audit sees a loss.
   * @param facts the event as a JSON object without its last brace
   */
  _next(at: number, facts: string): Entry;
  /** Stores how far the stream got. */
  _note(): void;
  /** The next event starts another stream: of another visitor, or timed by another clock. */
  _end(): void;
}

/** This many events say how far the previous stream got, so that one lost event does not hide a lost tail. */
const tellingEvents = 3;

/**
 * The stream of one page's life, one visitor and one clock. A page never continues another's stream, because a browser
 * that was killed falls back to an older state of its storage and would give a seq out twice. So a duplicated tab needs
 * no care either.
 */
export function createStream(): Stream {
  let id = '';
  let seq: number;
  let before: string | undefined;

  const stream: Stream = {
    _next(at, facts) {
      seq++;
      if (!id) {
        before = stream._records?._previous();
        id = shortId(at);
        seq = 0;
        stream._note();
      }
      return { stream: id, seq, at, text: `${at}${facts}${(seq < tellingEvents && before) || ''}}` };
    },
    _note() {
      if (id) stream._records?._note(id, seq);
    },
    _end() {
      stream._note();
      id = '';
    },
  };
  return stream;
}
