import { existsSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { MillraceError, usageError } from '@millrace/kit/millrace-error';
import type { AuditableLake, Lake } from '@millrace/lake';
import { pipelineDefaults } from '../pipeline/defaults.js';
import { type StateOptions, stateFolder } from '../state/state-folder.js';

/** What a command is told about where the lake is. */
export interface LakeOptions extends StateOptions {
  /** An Athena work group, `--workgroup`: the lake on AWS. */
  workgroup?: string;
  /** The lake's folder, `--lake`. */
  lake?: string;
  /** Told after each Athena query: how many bytes it scanned, and what that costs. */
  onCost?: (cost: { bytesScanned: number; dollars: number }) => void;
}

/** The Athena work group, when the lake is on AWS. */
const workGroupOf = ({ workgroup, lake }: LakeOptions) =>
  lake === undefined ? (workgroup ?? process.env.MILLRACE_WORKGROUP) : undefined;

/**
 * The lake that a command reads: on AWS when there is a work group, else on disk. A lake that is not there is an error,
 * because an empty answer from the wrong folder looks like a lake without events.
 * @throws MillraceError `USAGE` when the folder that `--lake` names does not exist; `NO_LAKE` when the state folder
 * holds no lake.
 */
export async function lakeOf(options: LakeOptions): Promise<Lake> {
  const workGroup = workGroupOf(options);
  return workGroup ? athenaLake(workGroup, options.onCost) : lakeOnDisk(options);
}

/**
 * The lake that `audit` reads: its objects, so one on this machine; and their folder.
 * @throws what `lakeOf` throws; MillraceError `NO_LAKE` when the lake is on AWS.
 */
export async function auditableLakeOf(options: LakeOptions): Promise<{ lake: AuditableLake; folder: string }> {
  if (!workGroupOf(options)) return { lake: await lakeOnDisk(options), folder: folderOf(options) };
  const bucket = process.env.MILLRACE_LAKE || '';
  throw new MillraceError(
    'NO_LAKE',
    `the audit reads the objects themselves: aws s3 sync s3://${bucket}/ lake --exclude 'athena-results/*', then millrace audit --lake lake`,
  );
}

/** The lake on AWS. Database, table and bucket are the template's, unless the environment names others. */
async function athenaLake(workGroup: string, onCost: LakeOptions['onCost']): Promise<Lake> {
  const { openAthenaLake } = await import('@millrace/lake/athena');
  const { prices } = await import('../plan/prices.js');
  const { env } = process;
  return openAthenaLake({
    workGroup,
    dollarsPerTB: prices.athenaScan.dollars,
    database: env.MILLRACE_DATABASE || pipelineDefaults.database,
    table: env.MILLRACE_TABLE || pipelineDefaults.table,
    bucket: env.MILLRACE_LAKE || '',
    datePartition: env.MILLRACE_DATE_PARTITION === 'true',
    ...(onCost ? { onCost } : {}),
  });
}

const folderOf = (options: LakeOptions) =>
  resolve(options.lake ?? join(stateFolder(options), 's3', pipelineDefaults.bucket));

async function lakeOnDisk(options: LakeOptions): Promise<AuditableLake> {
  if (options.lake !== undefined) {
    const found = statSync(options.lake, { throwIfNoEntry: false });
    if (!found) throw usageError(`the lake's folder ${options.lake} does not exist`);
    if (!found.isDirectory()) throw usageError(`the lake is a folder, and ${options.lake} is none`);
  }
  const folder = folderOf(options);
  if (!existsSync(folder)) {
    throw new MillraceError(
      'NO_LAKE',
      `there is no lake in ${folder}. \`npm start\` makes one; if it runs elsewhere, name its state folder with --state FOLDER or MILLRACE_STATE`,
      { exitCode: 4 },
    );
  }
  const { openLake } = await import('@millrace/lake').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new MillraceError(
      'NO_LAKE',
      'this release reads no lake on disk: ask Athena, with MILLRACE_WORKGROUP or --workgroup',
    );
  });
  const check = await checkOf(folder);
  return openLake({ folder, ...(check ? { check } : {}) });
}

/** The embedded S3 keeps the checksums of its objects beside their bucket. */
async function checkOf(folder: string) {
  if (!existsSync(join(dirname(folder), '.meta', 'objects', basename(folder)))) return undefined;
  const { objectCheck } = await import('@millrace/embedded-aws/object-check');
  return objectCheck(folder);
}
