import { streamsRemembered } from '../bounds.js';
import type { Store } from '../browser/store.js';
import type { Entry } from '../queue/entry.js';
import { storedOf } from '../queue/stored-name.js';
import { shortId } from './short-id.js';

/** Numbers the events of a page. */
export interface Stream {
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
 *
 * `s.<stream>` keeps its last seq, the last seq that a later stream has named, and the clock's error as far as known.
 */
export function createStream(store: Store): Stream {
  let id = '';
  let seq: number;
  let before: string;

  const read = (stream: string) => (store._get(`s.${stream}`) || '').split('|');

  function note(): void {
    // The clock's error as it was first known: what came later may be that of another clock.
    const [_last, told, clock] = read(id);
    if (id) store._set(`s.${id}`, [seq, told, clock || store._get('c')].join('|'));
  }

  /**
   * The oldest stream whose end no event has named, as fields. So each is named in the end, also after several tabs.
   */
  function previous(): string {
    const streams = store._names('s.').map((name) => name.slice(2));
    for (const stream of streams) {
      if (stream < streams[streams.length - streamsRemembered]!) {
        store._remove(`s.${stream}`);
        store._remove(`r.${stream}`);
        continue;
      }
      const [last, told, clock] = read(stream);
      // Events that a crash left in localStorage came after the last note.
      const waiting = store._names(`e.${stream}.`).map((name) => storedOf(name).seq);
      const top = Math.max(+(last || -1), ...waiting);
      if (top > +(told || -1)) {
        store._set(`s.${stream}`, [top, top, clock].join('|'));
        return `,"after_stream_id":"${stream}","after_seq":${top}}`;
      }
    }
    return '}';
  }

  return {
    _next(at, facts) {
      seq++;
      if (!id) {
        before = previous();
        id = shortId(at);
        seq = 0;
        note();
      }
      return { stream: id, seq, at, text: at + facts + (seq < tellingEvents ? before : '}') };
    },
    _note: note,
    _end() {
      note();
      id = '';
    },
  };
}
