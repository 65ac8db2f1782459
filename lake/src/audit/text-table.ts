/** A table's texts on their way from a worker. */
export interface PackedTexts {
  bytes: Uint8Array;
  ends: Float64Array;
  count: number;
}

/**
 * Numbers texts in the order in which they come, by their bytes. Open addressing over typed arrays: millions of
 * streams cost their bytes and 12 more each, and no objects.
 */
export class TextTable {
  count = 0;
  private bytes: Uint8Array = new Uint8Array(1 << 12);
  private ends: Float64Array = new Float64Array(1 << 8);
  /** Two a slot: the number plus one, and the hash, which is compared first. */
  private slots: Uint32Array = new Uint32Array(1 << 10);
  private readonly seed: number;

  constructor(seed: number) {
    this.seed = seed;
  }

  /** The number of the text in `source` from `start` to `end`. */
  number(source: Uint8Array, start: number, end: number): number {
    let hash = this.seed;
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ source[at]!, 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b);
    hash = (hash ^ (hash >>> 13)) >>> 0;
    const mask = (this.slots.length >> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const known = this.slots[slot * 2]!;
      if (known === 0) return this.add(slot, hash, source, start, end);
      if (this.slots[slot * 2 + 1] === hash && this.is(known - 1, source, start, end)) return known - 1;
    }
  }

  /** The number of a text. */
  numberOf(text: string): number {
    const source = Buffer.from(text);
    return this.number(source, 0, source.length);
  }

  /** The text of a number. */
  text(number: number): string {
    return Buffer.from(this.bytes.subarray(this.start(number), this.ends[number]!)).toString();
  }

  /** The texts, without how they are found. */
  pack(): PackedTexts {
    return { bytes: this.bytes, ends: this.ends, count: this.count };
  }

  /** Numbers the texts of a worker's table here: the new number of each. */
  merge({ bytes, ends, count }: PackedTexts): Uint32Array {
    const numbers = new Uint32Array(count);
    for (let at = 0; at < count; at++) numbers[at] = this.number(bytes, at === 0 ? 0 : ends[at - 1]!, ends[at]!);
    return numbers;
  }

  private start(number: number): number {
    return number === 0 ? 0 : this.ends[number - 1]!;
  }

  private is(number: number, source: Uint8Array, start: number, end: number): boolean {
    let at = this.start(number);
    if (this.ends[number]! - at !== end - start) return false;
    for (let from = start; from < end; from++) if (this.bytes[at++] !== source[from]) return false;
    return true;
  }

  private add(slot: number, hash: number, source: Uint8Array, start: number, end: number): number {
    const number = this.count++;
    const from = this.start(number);
    const to = from + end - start;
    if (to > this.bytes.length) this.bytes = grown(this.bytes, Uint8Array, to);
    if (number === this.ends.length) this.ends = grown(this.ends, Float64Array, number + 1);
    for (let at = 0; at < end - start; at++) this.bytes[from + at] = source[start + at]!;
    this.ends[number] = to;
    this.slots[slot * 2] = number + 1;
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

function grown<Kind extends Uint8Array | Float64Array>(
  old: Kind,
  Type: new (length: number) => Kind,
  least: number,
): Kind {
  const larger = new Type(Math.max(least, old.length * 2));
  larger.set(old);
  return larger;
}
