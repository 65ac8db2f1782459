import type { Variant } from './variant.js';
import type { Spread } from './workload.js';

/** How much more a visitor's order in a shard may cost. */
const mostOverEven = 0.02;

/** `visitor` up to the rate where it costs 2 % more than `even`, if Firehose counts 5 KB per record; else `even`. */
export function recommendedSpread(visitor: Pick<Variant, 'totals'>, even: Pick<Variant, 'totals'>): Spread {
  return visitor.totals['per record'] > even.totals['per record'] * (1 + mostOverEven) ? 'even' : 'visitor';
}
