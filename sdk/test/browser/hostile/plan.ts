import type { Denied, Feature } from './feature.js';
import { groups } from './groups.js';

/** What a seed's page is, and what it may cost. */
export interface Plan {
  seed: number;
  features: readonly Feature[];
  /** Why events cannot arrive, when they cannot; each is in `impossible`. */
  excuse?: string;
  /** No click reaches the tracker. */
  hidesClicks: boolean;
  denied: ReadonlySet<Denied>;
}

/** Random numbers from [0, 1) of a seed (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b1;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What makes delivery impossible: everything that each of these says is denied. Nothing else excuses a loss. */
const impossible: readonly { name: string; denied: readonly Denied[] }[] = [
  {
    name: 'a policy forbids the requests, and nothing may be stored until a page comes that may send',
    denied: ['requests', 'localStorage', 'IndexedDB'],
  },
  {
    name: 'no built-ins work, and neither a frame nor another script can bring others',
    denied: ['built-ins', 'others'],
  },
  {
    name: 'the page clears localStorage in the moment before its events are in IndexedDB; the gap in seq says so',
    denied: ['keeping'],
  },
];

/** Whether a site could have a feature beside the others: not where the browser itself does not let it. */
function isPossible({ worker, tag }: Feature, others: readonly Feature[]): boolean {
  const policy = others.find((other) => other.policy)?.policy ?? '';
  // An opaque origin has no service worker, and a policy for scripts forbids that of another address.
  if (worker) return !policy.includes('script-src') && !others.some(({ denies }) => denies?.includes('origin'));
  // No text may become the address of a script.
  return !(tag && policy.includes('trusted-types'));
}

/** The page of a seed: the same features for the same seed. */
export function planOf(seed: number): Plan {
  const random = randomOf(seed);
  const chosen = groups.flatMap(({ share, features }) => {
    const isIn = random() < share;
    const one = features[Math.floor(random() * features.length)]!;
    return isIn ? [one] : [];
  });
  const features = chosen.filter((feature) => isPossible(feature, chosen));
  const denied = new Set(features.flatMap(({ denies = [] }) => denies));
  const excuse = impossible.find((one) => one.denied.every((what) => denied.has(what)))?.name;
  return { seed, features, denied, hidesClicks: denied.has('clicks'), ...(excuse ? { excuse } : {}) };
}

/** The names of a plan's features, for a message. */
export const describePlan = ({ seed, features }: Plan): string =>
  `seed ${seed}: ${features.map(({ group, name }) => `${group}: ${name}`).join('; ') || 'nothing'}`;
