import { areEqual, hashBytes, viewOf } from './bytes.js';

/** Texts one after the other: of each its number and its length, four bytes each, and its bytes. */
export interface Texts {
  bytes: Uint8Array;
  count: number;
}

/** Bytes of a text before its own. */
const headBytes = 8;

/**
 * Numbers texts in the order in which they come, by their bytes. Open addressing over typed arrays: millions of
 * streams cost their bytes and 28 more each, and no objects. A text lies beside its number, so that finding it takes
 * two reads of far memory.
 */
export class TextTable {
  count = 0;
  private bytes: Uint8Array = new Uint8Array(1 << 8);
  private view: DataView = viewOf(this.bytes);
  private length = 0;
  /** Where each text begins. */
  private places: Uint32Array = new Uint32Array(1 << 4);
  /** Two a slot: the place of the text plus one, and its hash, which is compared first. */
  private slots: Uint32Array = new Uint32Array(1 << 6);
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The hash of the text in `view` from `start` to `end`; the same in every table of the same seed. */
  hash(view: DataView, start: number, end: number): number {
    return hashBytes(view, start, end, this.seed);
  }

  /**
   * The place of the text that is likely that of `hash`, else 0. Asked some time before `number` is, it brings what
   * that needs from far memory while there is other work.
   */
  likely(hash: number): number {
    const slot = (hash & ((this.slots.length >> 1) - 1)) * 2;
    return this.slots[slot + 1] === hash ? this.slots[slot]! : 0;
  }

  /** Whether the text in `view` from `start` to `end` is that at a `likely` place: its number, else -1. */
  numberAt(likely: number, view: DataView, start: number, end: number): number {
    if (likely === 0) return -1;
    const length = end - start;
    const place = likely - 1;
    const isIt = this.view.getUint32(place + 4, true) === length;
    return isIt && areEqual(this.view, place + headBytes, view, start, length) ? this.view.getUint32(place, true) : -1;
  }

  /** The number of the text in `view` from `start` to `end`. */
  number(view: DataView, start: number, end: number, hash = this.hash(view, start, end)): number {
    const { slots } = this;
    const length = end - start;
    const mask = (slots.length >> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const known = slots[slot * 2]!;
      if (known === 0) return this.add(slot, hash, view, start, end);
      if (slots[slot * 2 + 1] !== hash) continue;
      const place = known - 1;
      const isIt = this.view.getUint32(place + 4, true) === length;
      if (isIt && areEqual(this.view, place + headBytes, view, start, length)) return this.view.getUint32(place, true);
    }
  }

  /** The number of a text. */
  numberOf(text: string): number {
    const view = viewOf(Buffer.from(text));
    return this.number(view, 0, view.byteLength);
  }

  /** The number of a text that is there already; for a table of few. */
  find(text: string): number | undefined {
    for (let number = 0; number < this.count; number++) if (this.text(number) === text) return number;
    return undefined;
  }

  /** The text of a number. */
  text(number: number): string {
    const place = this.places[number]! + headBytes;
    return Buffer.from(this.bytes.subarray(place, place + this.view.getUint32(place - 4, true))).toString();
  }

  /** All texts. */
  texts(): Texts {
    return { bytes: this.bytes.subarray(0, this.length), count: this.count };
  }

  /** Forgets all texts, and keeps the room for as many. */
  clear(): void {
    this.count = 0;
    this.length = 0;
    this.slots.fill(0);
  }

  /** Numbers the texts of another table here: the new number of each. */
  merge({ bytes, count }: Texts): Uint32Array {
    const numbers = new Uint32Array(count);
    const view = viewOf(bytes);
    let at = 0;
    for (let number = 0; number < count; number++) {
      const start = at + headBytes;
      const end = start + view.getUint32(at + 4, true);
      numbers[number] = this.number(view, start, end);
      at = roundUp(end);
    }
    return numbers;
  }

  private add(slot: number, hash: number, view: DataView, start: number, end: number): number {
    const number = this.count++;
    const place = this.length;
    this.length = roundUp(place + headBytes + end - start);
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(this.length, this.bytes.length * 2));
      larger.set(this.bytes);
      this.bytes = larger;
      this.view = viewOf(larger);
    }
    if (number === this.places.length) {
      const larger = new Uint32Array(number * 2);
      larger.set(this.places);
      this.places = larger;
    }
    this.places[number] = place;
    this.view.setUint32(place, number, true);
    this.view.setUint32(place + 4, end - start, true);
    for (let at = start; at < end; at++) this.bytes[place + headBytes + at - start] = view.getUint8(at);
    this.slots[slot * 2] = place + 1;
    this.slots[slot * 2 + 1] = hash;
    if (this.count * 4 > this.slots.length) this.spread();
    return number;
  }

  /** Twice the slots. */
  private spread(): void {
    const old = this.slots;
    this.slots = new Uint32Array(old.length * 2);
    const mask = old.length - 1;
    for (let at = 0; at < old.length; at += 2) {
      if (old[at] === 0) continue;
      let slot = old[at + 1]! & mask;
      while (this.slots[slot * 2] !== 0) slot = (slot + 1) & mask;
      this.slots[slot * 2] = old[at]!;
      this.slots[slot * 2 + 1] = old[at + 1]!;
    }
  }
}

const roundUp = (place: number) => (place + 3) & ~3;
