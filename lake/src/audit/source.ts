import type { SharedFacts } from './facts.js';
import { Part } from './part.js';
import type { PartedFacts } from './parted-facts.js';

/** The facts of a lake, in parts of which each has some streams whole, so that few need be in memory at a time. */
export interface Source {
  readonly shared: SharedFacts;
  /** The numbers of claims are below. */
  readonly claims: number;
  readonly parts: number;
  /** A part; good until another is asked for. */
  part(number: number): Promise<Part>;
}

/** Facts that are in memory. */
export function sourceOf({ shared, claims, parts }: PartedFacts, isRecent: (object: number) => boolean): Source {
  const all = parts.map((facts) => new Part(facts, isRecent));
  return { shared, claims, parts: all.length, part: (number) => Promise.resolve(all[number]!) };
}
