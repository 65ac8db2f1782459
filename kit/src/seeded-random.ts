/** Seeded pseudo-random numbers: the same seed gives the same numbers, on every machine. */
export interface Random {
  /** 32 random bits, as an unsigned integer. */
  bits(): number;
  /** 0 ≤ x < 1. */
  unit(): number;
  /** An integer, both ends included. */
  integer(min: number, max: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  pick<T>(from: readonly T[]): T;
  /** One of `from`, each as likely as its weight says. */
  weighted<T>(from: readonly (readonly [weight: number, value: T])[]): T;
}

/** Spreads a text over 32 bits (FNV-1a with a final mix), once per word of the generator's state. */
function hash(text: string, salt: number): number {
  let h = (0x811c9dc5 ^ salt) >>> 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * sfc32, "small fast chaotic" (Chris Doty-Humphrey's PractRand): 128 bits of state, good enough for ids and journeys;
 * not for secrets.
 */
export function createRandom(seed: string): Random {
  let a = hash(seed, 1);
  let b = hash(seed, 2);
  let c = hash(seed, 3);
  let counter = 1;
  const bits = () => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + sum) | 0;
    return sum >>> 0;
  };
  // The first numbers still show the seed.
  for (let i = 0; i < 12; i++) bits();
  const unit = () => bits() / 0x1_0000_0000;
  const integer = (min: number, max: number) => min + Math.floor(unit() * (max - min + 1));
  return {
    bits,
    unit,
    integer,
    chance: (probability) => unit() < probability,
    pick: (from) => from[integer(0, from.length - 1)]!,
    weighted(from) {
      let left = unit() * from.reduce((sum, [weight]) => sum + weight, 0);
      for (const [weight, value] of from) {
        left -= weight;
        if (left < 0) return value;
      }
      return from.at(-1)![1];
    },
  };
}
