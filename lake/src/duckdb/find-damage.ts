import { stat } from 'node:fs/promises';
import type { Sandbox } from '@millrace/kit/duckdb-sandbox';
import type { DamagedObject } from '../lake.js';
import { damageMessage, isFatal, messageOf } from './damage.js';
import { readToEnd } from './read-objects.js';
import type { Source, Sources } from './sources.js';

/** What was found. */
export interface Findings {
  damaged: DamagedObject[];
  /** Objects that are read from a copy from now on, or not at all, or that are gone: the work may be done again. */
  changed: number;
}

/**
 * Finds the objects of which an error may come. Most of DuckDB's errors name the object. Tries each where the error
 * does not, or where `many` are damaged. `open`: a DuckDB that reaches the sources.
 */
export async function findDamage(
  open: () => Promise<Sandbox>,
  sources: Sources,
  candidates: readonly Source[],
  message: string,
  many: boolean,
): Promise<Findings> {
  const named = candidates
    .filter(({ path }) => message.includes(path))
    .sort((a, b) => b.path.length - a.path.length)[0];
  const findings: Findings = { damaged: [], changed: 0 };
  let engine: Sandbox | undefined;
  try {
    for (const source of named && !many ? [named] : candidates) {
      engine ??= await open();
      const found = await examine(engine, sources, source);
      if (found === 'whole') continue;
      findings.changed += 1;
      if (found === 'gone') continue;
      if (found.damage) findings.damaged.push(found.damage);
      // After an error of its own, DuckDB answers nothing more.
      if (found.isFatal) {
        engine.close();
        engine = undefined;
      }
    }
  } finally {
    engine?.close();
  }
  return findings;
}

type Examined = 'whole' | 'gone' | { damage: DamagedObject | undefined; isFatal: boolean };

async function examine({ connection }: Sandbox, sources: Sources, source: Source): Promise<Examined> {
  const { object } = source;
  const there = await stat(object.path).catch(() => undefined);
  if (!there) return 'gone';
  try {
    await connection.run(readToEnd(source));
    return 'whole';
  } catch (error) {
    const message = messageOf(error);
    const damage: DamagedObject = {
      key: object.key,
      message: damageMessage(message, source.path),
      unreadableLines: null,
    };
    if (there.size === 0) damage.message = emptyMessage;
    // Parquet has no lines.
    else if (!source.parquet) damage.unreadableLines = await sources.copy(object).catch(() => null);
    // A byte order mark, or a name that comes twice in an object: all lines are in the copy.
    return { damage: damage.unreadableLines === 0 ? undefined : damage, isFatal: isFatal(message) };
  }
}

/** What is wrong with an object that has nothing in it, not even an end. */
export const emptyMessage = 'is empty: it has 0 bytes';
