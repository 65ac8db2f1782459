import { randomInt } from 'node:crypto';
import { type EventIdentity, identityOf } from './event-identity.js';

/** The events of one request, on their way to be safe. */
export interface Claims {
  /** Whether this event is safe already, or came earlier in this request. If not, this request claims it. */
  isRepeat(event: EventIdentity): boolean;
  /** The request's events are safe: one that comes again is accepted but not stored again. */
  commit(): void;
}

/** The identities of the latest events that are safe. */
export interface ClaimedIds {
  begin(writeKey: string): Claims;
  /**
   * Adds events that are safe but whose write key is unknown: an earlier process stored them, or a refused request did.
   * They are remembered until many later ones have taken their place.
   * @param names by `identityText`; others are no events and do nothing
   */
  know(names: Iterable<string>): void;
}

const { imul } = Math;

/** A 32-bit hash of a text. */
function textHash(text: string, seed: number): number {
  let hash = 0x811c9dc5 ^ seed;
  for (let i = 0; i < text.length; i++) hash = imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = imul(hash ^ (hash >>> 16), 0x85ebca6b);
  return (hash ^ (hash >>> 13)) >>> 0;
}

const word = 0x1_0000_0000;

/** A set of 64-bit numbers in one typed array: open addressing, no deletion, half of it empty for quick look-ups. */
function createHashSet(slots: number) {
  // Filled, so that the process owns the memory from the start and does not grow in an outage.
  const words = new Uint32Array(slots * 2).fill(0);
  const mask = slots - 1;
  let size = 0;
  const slotOf = (low: number, high: number) => {
    let slot = low & mask;
    for (; ; slot = (slot + 1) & mask) {
      const at = slot * 2;
      if ((words[at] === low && words[at + 1] === high) || (words[at] === 0 && words[at + 1] === 0)) return at;
    }
  };
  return {
    has: (low: number, high: number) => words[slotOf(low, high) + 1] === high && words[slotOf(low, high)] === low,
    add(low: number, high: number) {
      const at = slotOf(low, high);
      if (words[at] === 0 && words[at + 1] === 0) size += 1;
      words[at] = low;
      words[at + 1] = high;
    },
    clear() {
      words.fill(0);
      size = 0;
    },
    isFull: () => size >= slots / 2,
  };
}

/**
 * Remembers the latest events that are safe, by write key: at least `events`, at most twice as many, in 32 bytes each.
 * An event is claimed once it is safe, never before: otherwise the retry of a lost event would count as a repeat. So
 * two requests with the same event at the same time both store it, and the lake tells by its identity.
 *
 * Identities are kept as 64-bit hashes: a new event is mistaken for an old one once in 10^13 events. Upper and lower
 * case hex digits of an id are the same.
 */
export function createClaimedIds(events: number): ClaimedIds {
  const slots = 2 ** Math.ceil(Math.log2(events * 2));
  let latest = createHashSet(slots);
  let before = createHashSet(slots);
  /** Those of `know`, without a write key: nobody can guess another's event before the stream has it. */
  let known: ReturnType<typeof createHashSet> | undefined;
  const seed = randomInt(word);
  const seeds = new Map<string, number>();

  let low = 0;
  let high = 0;
  /** Two multiplicative hashes of an event, mixed at the end; leaves them in `low` and `high`. */
  function hash({ event_id: id, stream_id: stream, seq }: EventIdentity, start: number) {
    const of = streamHash(stream);
    let a = imul(0xdeadbeef ^ start ^ of, 0x9e3779b1) ^ seq;
    let b = imul(0x41c6ce57 ^ start ^ seq, 0x5f356495) ^ of;
    for (let i = 0; i < id.length; i++) {
      const unit = id.charCodeAt(i) | 0x20;
      a = imul(a ^ unit, 0x9e3779b1);
      b = imul(b ^ unit, 0x5f356495);
    }
    a = imul(a ^ (a >>> 16), 0x85ebca6b) ^ imul(b ^ (b >>> 13), 0xc2b2ae35);
    b = imul(b ^ (b >>> 16), 0x85ebca6b) ^ imul(a ^ (a >>> 13), 0xc2b2ae35);
    low = a >>> 0;
    // Two zero words mark an empty slot.
    high = b >>> 0 || 1;
  }

  let lastStream = '';
  let lastStreamHash = textHash(lastStream, seed);
  /** Neighbours are of one stream. */
  function streamHash(stream: string): number {
    if (stream !== lastStream) {
      lastStream = stream;
      lastStreamHash = textHash(stream, seed);
    }
    return lastStreamHash;
  }

  function seedOf(writeKey: string): number {
    let found = seeds.get(writeKey);
    if (found === undefined) {
      found = textHash(writeKey, seed);
      seeds.set(writeKey, found);
    }
    return found;
  }

  function isKnown(event: EventIdentity): boolean {
    if (known === undefined) return false;
    hash(event, seed);
    return known.has(low, high);
  }

  return {
    know(names) {
      known ??= createHashSet(slots);
      for (const name of names) {
        const event = identityOf(name);
        if (event === undefined) continue;
        if (known.isFull()) return;
        hash(event, seed);
        known.add(low, high);
      }
    },
    begin(writeKey) {
      const start = seedOf(writeKey);
      const mine: number[] = [];
      const inRequest = new Set<number>();
      return {
        isRepeat(event) {
          if (isKnown(event)) return true;
          hash(event, start);
          const distinct = inRequest.size;
          // 53 bits are enough for a request's few events.
          inRequest.add((high & 0x1fffff) * word + low);
          if (inRequest.size === distinct || latest.has(low, high) || before.has(low, high)) return true;
          mine.push(low, high);
          return false;
        },
        commit() {
          for (let i = 0; i < mine.length; i += 2) {
            if (latest.isFull()) {
              [latest, before] = [before, latest];
              latest.clear();
              known = undefined;
            }
            latest.add(mine[i]!, mine[i + 1]!);
          }
        },
      };
    },
  };
}
