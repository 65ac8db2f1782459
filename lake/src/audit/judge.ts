import { Findings } from './findings.js';
import type { JudgeOptions } from './judge-options.js';
import { PartJudge } from './judge-part.js';
import type { JudgedObject } from './judged-object.js';
import type { Source } from './source.js';
import { Witness } from './witness.js';

/**
 * Judges all streams, a part of them at a time. Twice: what the ledger names in one part says since when there was a
 * ledger, and who claims something of the streams of another.
 */
export async function judge(
  source: Source,
  objects: readonly JudgedObject[],
  options: JudgeOptions,
): Promise<Findings> {
  const found = new Findings(options.worst);
  const witness = new Witness(source.shared, source.claims, objects);
  const hasLedger = source.shared.ledgerRows.length > 0;
  for (let part = 0; hasLedger && part < source.parts; part++) {
    options.signal?.throwIfAborted();
    witness.learn(await source.part(part));
  }
  for (let part = 0; part < source.parts; part++) {
    options.signal?.throwIfAborted();
    new PartJudge(await source.part(part), objects, { options, found, witness }).run();
  }
  return found;
}
