import type * as nodeFs from 'node:fs/promises';

/** The parts of `node:fs/promises` that the spool uses; tests inject faults. */
export type SpoolFs = Pick<
  typeof nodeFs,
  'appendFile' | 'mkdir' | 'open' | 'readdir' | 'readFile' | 'rm' | 'stat' | 'truncate'
>;
