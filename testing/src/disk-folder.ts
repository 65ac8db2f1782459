import { tmpdir } from 'node:os';

/**
 * The folder for temporary files on a disk. Under Jest `tmpdir()` is in memory where the machine allows it, which is
 * quicker; what is killed with `kill -9`, or syncs, is tested on a disk.
 */
export const diskFolder = (): string => process.env.MILLRACE_TEST_DISK ?? tmpdir();
