import type { Store } from './store.js';

/** An event's place: its stream, its number there, and on a stream's first event the visitor's stream before it. */
export interface Place {
  stream_id: string;
  seq: number;
  after_stream_id?: string;
  after_seq?: number;
}

export interface Stream {
  /** The next place. Every place that is given out must be filled, else the audit sees a loss. */
  next(now: number): Place;
  /** Writes down how far the stream got. */
  note(): void;
  /** Lets the tab's next page go on with the stream. */
  release(): void;
  id(): string | undefined;
}

/** Streams remembered per visitor. */
const maxRemembered = 50;

/** What is known of a stream: its last seq, whether a page may go on with it, and the last seq that a later stream has told of it. */
interface Known {
  seq: number;
  free: boolean;
  told: number;
}

function read(store: Store, id: string): Known | undefined {
  const parts = store.get(`s.${id}`)?.split('.').map(Number);
  if (parts?.length !== 3 || !parts.every(Number.isSafeInteger)) return undefined;
  return { seq: parts[0]!, free: parts[1] === 1, told: parts[2]! };
}

function write(store: Store, id: string, { seq, free, told }: Known): void {
  store.set(`s.${id}`, `${seq}.${Number(free)}.${told}`);
}

/**
 * The stream of this tab's life. `tab` (sessionStorage) names the stream, and `store` (localStorage, one for all tabs) says whether
 * it is free: leaving a page frees it and the tab's next page takes it. A duplicated tab and a `window.open` have a copy of `tab`, but find the stream
 * taken and begin their own; so does the page after a crash. The number is not in `tab`, so a copy can never be behind.
 * @param lastStored the last seq of a stream among the events that still wait in the browser, -1 for none
 */
export function createStream(
  store: Store,
  tab: Store,
  newId: (now: number) => string,
  lastStored: (streamId: string) => number,
): Stream {
  let id: string | undefined;
  let seq = -1;

  /** The oldest stream of which something is untold: so each is told in the end, also when several tabs were open at once. */
  function previous(): Pick<Place, 'after_stream_id' | 'after_seq'> {
    const ids = store
      .names('s.')
      .map((name) => name.slice(2))
      .sort();
    for (const old of ids.splice(0, ids.length - maxRemembered)) store.remove(`s.${old}`);
    for (const other of ids) {
      const known = read(store, other);
      if (!known) continue;
      const last = Math.max(known.seq, lastStored(other));
      if (last > known.told) {
        write(store, other, { ...known, told: last });
        return { after_stream_id: other, after_seq: last };
      }
    }
    return {};
  }

  function note(free = false): void {
    if (id !== undefined && seq >= 0) write(store, id, { seq, free, told: read(store, id)?.told ?? -1 });
  }

  return {
    next(now) {
      if (id === undefined) {
        const mine = tab.get('t');
        const known = mine === undefined ? undefined : read(store, mine);
        if (known?.free) {
          id = mine!;
          seq = known.seq + 1;
          note();
          return { stream_id: id, seq };
        }
        const after = previous();
        id = newId(now);
        seq = 0;
        tab.set('t', id);
        note();
        return { stream_id: id, seq, ...after };
      }
      return { stream_id: id, seq: ++seq };
    },
    note: () => note(),
    release() {
      note(true);
      id = undefined;
    },
    id: () => id,
  };
}
