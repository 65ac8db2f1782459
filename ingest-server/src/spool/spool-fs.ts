import type * as nodeFs from 'node:fs/promises';

/** What the spool uses of `node:fs/promises`; tests put faults in between. */
export type SpoolFs = Pick<
  typeof nodeFs,
  'appendFile' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rm' | 'stat' | 'truncate'
>;
