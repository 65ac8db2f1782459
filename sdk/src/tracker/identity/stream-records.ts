import { streamsRemembered } from '../bounds.js';
import { cut, each, join, map, max, part, split } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import { storedOf } from '../queue/stored-name.js';
import type { StreamRecords } from './stream.js';

/**
 * Keeps how far the visitor's streams got. `s.<stream>` has its last seq, the last seq that a later stream has named,
 * and the clock's error as far as known.
 */
export function createStreamRecords(store: Store): StreamRecords {
  const read = (stream: string) => split(store._get(`s.${stream}`) || '', '|');
  return {
    _note(stream, seq) {
      // The clock's error as it was first known: what came later may be that of another clock.
      const [_last, told, clock] = read(stream);
      store._set(`s.${stream}`, join([seq, told, clock || store._get('c')], '|'));
    },
    _previous() {
      const streams = map(store._names('s.'), (name) => cut(name, 2));
      each(part(streams, 0, -streamsRemembered), (stream) => store._remove(`s.${stream}`));
      for (const stream of part(streams, -streamsRemembered)) {
        const [last, told, clock] = read(stream);
        // Events that a crash left in localStorage came after the last note.
        const waiting = map(store._names(`e.${stream}.`), (name) => storedOf(name).seq);
        const top = max(+(last || -1), ...waiting);
        if (top > +(told || -1)) {
          store._set(`s.${stream}`, join([top, top, clock], '|'));
          return `,"after_stream_id":"${stream}","after_seq":${top}`;
        }
      }
      return '';
    },
  };
}
