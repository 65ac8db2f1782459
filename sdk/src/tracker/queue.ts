import { batchChars, batchEvents, queueAgeMs, queueChars, queueEvents } from './bounds.js';
import type { DropReason, Drops } from './drops.js';
import type { Store } from './store.js';

/** Events that travel in one request. They keep the batch's id through every retry, by whichever tab. */
export interface Batch {
  id: string;
  names: string[];
  /** JSON Lines. */
  body: string;
}

export interface Queue {
  /** Stores an event under a name of its own: the cost does not grow with the queue. */
  append(streamId: string, seq: number, now: number, line: string): void;
  /**
   * The next batch to send: one that was begun and not finished, or else a new one of the oldest events. Undefined when nothing waits.
   * @param of takes only events of this stream, and begun batches that have some of it
   * @param except leaves out these batches
   */
  next(now: number, chars?: number, of?: string, except?: ReadonlySet<string>): Batch | undefined;
  /** The server has the batch: forgets it and its events. */
  done(batch: Batch): void;
  /** The server will never take the batch: drops its events, counted. */
  refuse(batch: Batch, reason: DropReason): void;
  /** The batch is too much for one request: its events go in smaller ones from now on. */
  split(batch: Batch): void;
  isEmpty(): boolean;
  /** The last seq of a stream that waits, -1 for none. */
  lastSeq(streamId: string): number;
}

/** What the name of a stored event says of it, so that the queue is counted, ordered and bounded without reading the events. */
interface Entry {
  name: string;
  stream: string;
  seq: number;
  at: number;
  chars: number;
}

/** `e.<stream>.<seq>.<time>.<chars>`, base 36: sorted as text, a stream's events are in their order whatever the clock did. */
function entryOf(name: string): Entry {
  const [, stream = '', seq = '', at = '', chars = ''] = name.split('.');
  const number = (text: string) => Number.parseInt(text, 36);
  return { name, stream, seq: number(seq), at: number(at), chars: number(chars) + name.length };
}

/** @param newId makes the ids of batches */
export function createQueue(store: Store, drops: Drops, newId: (now: number) => string): Queue {
  /** Since the last look at the whole queue, by this tab. */
  let appended = 0;
  let events = 0;
  let chars = 0;
  let maxEvents = batchEvents;

  const entries = () => store.names('e.').sort().map(entryOf);

  function drop({ name }: Entry, reason: DropReason): void {
    drops.event(reason, store.get(name));
    store.remove(name);
  }

  /** Drops what is too old and, beyond the bounds, the oldest. */
  function trim(now: number): void {
    const all = entries().sort((a, b) => a.at - b.at);
    events = all.length;
    chars = all.reduce((sum, entry) => sum + entry.chars, 0);
    appended = 0;
    // A little below the bounds, so that a full queue does not look at itself at every event.
    const full = events > queueEvents || chars > queueChars;
    for (const entry of all) {
      const old = now - entry.at > queueAgeMs;
      if (!old && !(full && (events > queueEvents * 0.97 || chars > queueChars * 0.97))) break;
      drop(entry, old ? 'old' : 'full');
      events--;
      chars -= entry.chars;
    }
  }

  /** Gives a begun batch its events back. */
  const forget = (id: string) => store.remove(`b.${id}`);

  /** The events' texts, or undefined when one is missing: dropped, or removed by the site. */
  function bodyOf(names: string[]): string | undefined {
    const lines = names.map((name) => store.get(name));
    return lines.includes(undefined) ? undefined : lines.join('\n');
  }

  return {
    append(streamId, seq, now, line) {
      const place = [seq.toString(36).padStart(6, '0'), now.toString(36), line.length.toString(36)].join('.');
      const name = `e.${streamId}.${place}`;
      store.set(name, line);
      events++;
      chars += name.length + line.length;
      // Other tabs append too, so now and then it looks again.
      if (++appended >= 64 || events > queueEvents || chars > queueChars) trim(now);
    },

    next(now, maxChars = batchChars, of, except) {
      trim(now);
      const begun = new Set<string>();
      for (const record of store.names('b.').sort()) {
        const id = record.slice(2);
        const names = (store.get(record) ?? '').split('\n');
        const body = bodyOf(names);
        if (body === undefined) {
          // The same id must mean the same events; the ones that are left get a new one.
          forget(id);
          continue;
        }
        for (const name of names) begun.add(name);
        if (except?.has(id) || (of !== undefined && !names.some((name) => entryOf(name).stream === of))) continue;
        return { id, names, body };
      }
      const names: string[] = [];
      let size = 0;
      for (const entry of entries()) {
        if (begun.has(entry.name) || (of !== undefined && entry.stream !== of)) continue;
        if (names.length > 0 && (names.length >= maxEvents || size + entry.chars > maxChars)) break;
        names.push(entry.name);
        size += entry.chars;
      }
      const body = names.length > 0 ? bodyOf(names) : undefined;
      if (body === undefined) return undefined;
      const id = newId(now);
      store.set(`b.${id}`, names.join('\n'));
      return { id, names, body };
    },

    done(batch) {
      for (const name of batch.names) store.remove(name);
      forget(batch.id);
    },

    refuse(batch, reason) {
      for (const name of batch.names) drop(entryOf(name), reason);
      forget(batch.id);
    },

    split(batch) {
      maxEvents = Math.ceil(batch.names.length / 2);
      forget(batch.id);
    },

    isEmpty: () => store.names('e.').length === 0,

    lastSeq: (streamId) => store.names(`e.${streamId}.`).reduce((last, name) => Math.max(last, entryOf(name).seq), -1),
  };
}
