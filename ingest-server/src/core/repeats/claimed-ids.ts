import { randomInt } from 'node:crypto';

/** The events of one request, on their way to be safe. */
export interface Claims {
  /** Whether an event of this id is safe already, or came earlier in this request. If not, this request claims it. */
  isRepeat(id: string): boolean;
  /** The request's events are safe: one that comes again is accepted but not stored again. */
  commit(): void;
}

/** The ids of the latest events that are safe. */
export interface ClaimedIds {
  begin(writeKey: string): Claims;
  /**
   * Adds events that are safe but whose write key is unknown: an earlier process stored them, or a refused request did.
   * They are remembered until many later ones have taken their place.
   */
  know(ids: Iterable<string>): void;
}

const { imul } = Math;
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
 * Remembers the ids of the latest events that are safe, by write key: at least `events`, at most twice as many, in 32
 * bytes each. An id is claimed once its event is safe, never before: otherwise the retry of a lost event would count as
 * a repeat. So two requests with the same event at the same time both store it, and the lake tells by `event_id`.
 *
 * Ids are kept as 64-bit hashes: a new event is mistaken for an old one once in 10^13 events. Upper and lower case hex
 * digits are the same.
 */
export function createClaimedIds(events: number): ClaimedIds {
  const slots = 2 ** Math.ceil(Math.log2(events * 2));
  let latest = createHashSet(slots);
  let before = createHashSet(slots);
  /** Ids from `know`, without a write key: nobody can guess the id of another's event before the stream has it. */
  let known: ReturnType<typeof createHashSet> | undefined;
  const seed = randomInt(word);
  const seeds = new Map<string, number>();

  let low = 0;
  let high = 0;
  /** Two multiplicative hashes that are mixed at the end; leaves them in `low` and `high`. */
  function hash(text: string, start: number) {
    let a = 0xdeadbeef ^ start;
    let b = 0x41c6ce57 ^ start;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i) | 0x20;
      a = imul(a ^ unit, 0x9e3779b1);
      b = imul(b ^ unit, 0x5f356495);
    }
    a = imul(a ^ (a >>> 16), 0x85ebca6b) ^ imul(b ^ (b >>> 13), 0xc2b2ae35);
    b = imul(b ^ (b >>> 16), 0x85ebca6b) ^ imul(a ^ (a >>> 13), 0xc2b2ae35);
    low = a >>> 0;
    // Two zero words mark an empty slot.
    high = b >>> 0 || 1;
  }

  function seedOf(writeKey: string): number {
    let found = seeds.get(writeKey);
    if (found === undefined) {
      hash(writeKey, seed);
      found = low;
      seeds.set(writeKey, found);
    }
    return found;
  }

  function isKnown(id: string): boolean {
    if (known === undefined) return false;
    hash(id, seed);
    return known.has(low, high);
  }

  return {
    know(ids) {
      known ??= createHashSet(slots);
      for (const id of ids) {
        if (known.isFull()) return;
        hash(id, seed);
        known.add(low, high);
      }
    },
    begin(writeKey) {
      const start = seedOf(writeKey);
      const mine: number[] = [];
      const inRequest = new Set<number>();
      return {
        isRepeat(id) {
          if (isKnown(id)) return true;
          hash(id, start);
          const distinct = inRequest.size;
          // 53 bits are enough for a request's few ids.
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
