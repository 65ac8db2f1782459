import { spoolText } from '../text/spool-text.js';
import { lookAtSpoolFolder } from './spool-folder.js';

/** The options of `millrace spool ls`. */
export interface SpoolLsOptions {
  json?: true;
}

/** Prints what lies in a spool. */
export async function spoolLs(given: string, options: SpoolLsOptions): Promise<void> {
  const { folder, look } = await lookAtSpoolFolder(given);
  if (!options.json) {
    console.log(spoolText(look));
    return;
  }
  const { inUseBy, segments, bytes, entries, events, oldest, unfinishedBytes, damaged, unknown, others } = look;
  console.log(
    JSON.stringify({
      folder,
      in_use_by: inUseBy ?? null,
      segments,
      bytes,
      entries,
      events,
      oldest: oldest ?? null,
      unfinished_bytes: unfinishedBytes,
      damaged,
      unknown,
      others,
    }),
  );
}
