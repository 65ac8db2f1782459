import { streamsRemembered } from './bounds.js';
import { type Entry, storedOf } from './entry.js';
import { shortId } from './id.js';
import type { Store } from './store.js';

export interface Stream {
  /**
   * Gives the event the next place. Every place that is given out must be filled, else the audit sees a loss.
   * @param facts the event as a JSON object, but for its last brace
   */
  next(at: number, facts: string): Entry;
  /** Writes down how far the stream got. */
  note(): void;
  /** The next event begins another stream: of another visitor, or by another clock. */
  end(): void;
}

/** The events that say how far the stream before got: more than one, so that not even the loss of the first hides a lost tail. */
const telling = 3;

/**
 * The stream of this page's life, by one visitor and one clock. A page never goes on with another's stream: a browser that was killed falls back to an
 * older state of its storage, and would give numbers out twice. So a duplicated tab needs no care either.
 *
 * `s.<stream>` keeps its last seq, the last seq that a later stream has told of it, and how wrong the clock was, as far as that was known.
 */
export function createStream(store: Store): Stream {
  let id = '';
  let seq: number;
  let before: string;

  const read = (stream: string) => (store.get(`s.${stream}`) || '').split('|');

  function note(): void {
    // The clock as it was when it was first known: what is learnt since may be of another.
    const [_last, told, clock] = read(id);
    if (id) store.set(`s.${id}`, [seq, told, clock || store.get('c')].join('|'));
  }

  /** The oldest stream of which something is untold, as fields: so each is told in the end, also when several tabs were open at once. */
  function previous(): string {
    const streams = store.names('s.').map((name) => name.slice(2));
    for (const stream of streams) {
      if (stream < streams[streams.length - streamsRemembered]!) {
        store.remove(`s.${stream}`);
        store.remove(`r.${stream}`);
        continue;
      }
      const [last, told, clock] = read(stream);
      // Events that a crash left in localStorage came after the last note.
      const waiting = store.names(`e.${stream}.`).map((name) => storedOf(name).seq);
      const top = Math.max(+(last || -1), ...waiting);
      if (top > +(told || -1)) {
        store.set(`s.${stream}`, [top, top, clock].join('|'));
        return `,"after_stream_id":"${stream}","after_seq":${top}}`;
      }
    }
    return '}';
  }

  return {
    next(at, facts) {
      seq++;
      if (!id) {
        before = previous();
        id = shortId(at);
        seq = 0;
        note();
      }
      return { stream: id, seq, at, text: at + facts + (seq < telling ? before : '}') };
    },
    note,
    end() {
      note();
      id = '';
    },
  };
}
