import type { Random } from '@millrace/kit/seeded-random';
import { hashOf } from '../core/hash.js';

/** Who sends, by number. */
export interface Visitors {
  pick(): number;
  /** The hash that decides the visitor's lane. */
  hashOf(visitor: number): number;
}

/**
 * `count` visitors. With `zipf` 0 each sends as much as another; with 1 the k-th sends a k-th of what the first sends.
 */
export function createVisitors(count: number, zipf: number, random: Random): Visitors {
  const hashes = Uint32Array.from({ length: count }, (_, visitor) => hashOf(`visitor-${visitor}`));
  const shares = new Float64Array(zipf === 0 ? 0 : count);
  let sum = 0;
  for (let k = 0; k < shares.length; k++) {
    sum += (k + 1) ** -zipf;
    shares[k] = sum;
  }

  function pickByShare(): number {
    const wanted = random.unit() * sum;
    let [low, high] = [0, count - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (shares[middle]! > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  return {
    pick: zipf === 0 ? () => Math.floor(random.unit() * count) : pickByShare,
    hashOf: (visitor) => hashes[visitor]!,
  };
}
