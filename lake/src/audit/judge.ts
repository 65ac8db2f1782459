import { Findings } from './findings.js';
import type { JudgeOptions } from './judge-options.js';
import { PartJudge } from './judge-part.js';
import type { JudgedObject } from './judged-object.js';
import { Learner, likely } from './known.js';
import type { Source } from './source.js';
import { Witness } from './witness.js';

/**
 * Judges all streams, a part of them at a time. What the ledger names in one part says since when there was a ledger,
 * and who claims something of the streams of another: they are judged by what is likely, and once more by what is true
 * where that would have made a difference.
 */
export async function judge(
  source: Source,
  objects: readonly JudgedObject[],
  options: JudgeOptions,
): Promise<Findings> {
  const { shared, claims } = source;
  const learner = shared.ledgerRows.length > 0 ? new Learner(shared, claims) : undefined;
  const guess = new Witness(shared, { claims, known: likely(shared), objects });
  const found = await judgeBy(guess, { source, objects, options, learner });
  if (!learner || guess.holds(learner)) return found;
  return await judgeBy(new Witness(shared, { claims, known: learner, objects }), { source, objects, options });
}

/** What to judge; a learner learns from each part on the way. */
export interface ToJudge {
  source: Source;
  objects: readonly JudgedObject[];
  options: JudgeOptions;
  learner?: Learner | undefined;
}

/** Judges all streams by what one witness says. */
export async function judgeBy(witness: Witness, { source, objects, options, learner }: ToJudge): Promise<Findings> {
  const found = new Findings(options.worst);
  for (let number = 0; number < source.parts; number++) {
    options.signal?.throwIfAborted();
    const part = await source.part(number);
    learner?.learn(part);
    new PartJudge(part, objects, { options, found, witness }).run();
  }
  return found;
}
