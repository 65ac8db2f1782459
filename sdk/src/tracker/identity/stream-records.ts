import { streamsRemembered } from '../bounds.js';
import { cut, each, join, map, max, part, split } from '../browser/builtins.js';
import type { Store } from '../browser/store.js';
import { type Entry, million } from '../queue/entry.js';
import { storedOf } from '../queue/stored-name.js';
import type { Stream } from './stream.js';

/** This many events say how far the previous stream got, so that one lost event does not hide a lost tail. */
const tellingEvents = 3;

/**
 * Keeps how far the visitor's streams got, over pages and tabs. `s.<stream>` has its last seq, the last seq that a
 * later stream has named, and the clock's error as far as known.
 */
export function recordStream(stream: Stream, store: Store): void {
  // Several modules need the records.
  if (stream._note) return;
  const { _next: next, _end: end } = stream;
  let newest: Entry | undefined;
  let before = '';
  const read = (id: string) => split(store._get(`s.${id}`) || '', '|');

  /**
   * The oldest stream whose end no event has named, as members of a JSON object, with a comma before; empty for none.
   * So each is named in the end, also after several tabs.
   */
  function previous(): string {
    const streams = map(store._names('s.'), (name) => cut(name, 2));
    each(part(streams, 0, -streamsRemembered), (id) => store._remove(`s.${id}`));
    for (const id of part(streams, -streamsRemembered)) {
      const [last, told, clock] = read(id);
      // Events that a crash left in localStorage came after the last note.
      const waiting = map(store._names(`e.${id}.`), (name) => storedOf(name).seq);
      const top = max(+(last || -1), ...waiting);
      if (top > +(told || -1)) {
        store._set(`s.${id}`, join([top, top, clock], '|'));
        return `,"after_stream_id":"${id}","after_seq":${top}`;
      }
    }
    return '';
  }

  stream._note = () => {
    if (!newest) return;
    // The clock's error as it was first known: what came later may be that of another clock.
    const [_last, told, clock] = read(newest.stream);
    store._set(`s.${newest.stream}`, join([newest.seq, told, clock || store._get('c')], '|'));
  };
  stream._end = () => {
    stream._note!();
    newest = undefined;
    end();
  };
  stream._next = (at, facts) => {
    // The last number with seven digits, and below the schema's bound: a kiosk's page may live for years.
    if (newest && newest.seq > 9 * million - 2) stream._end();
    if (!newest) before = previous();
    else if (newest.seq + 1 === tellingEvents) before = '';
    newest = next(at, facts + before);
    if (!newest.seq) stream._note!();
    return newest;
  };
}
