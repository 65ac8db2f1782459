import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { AuditableLake, Lake, LakeWarnings } from '@millrace/lake';
import { Option } from 'commander';
import { definePipeline } from '../pipeline/definition.js';
import { prices } from '../plan/prices.js';
import { CommandError, stateFolder, UsageError } from '../runtime/context.js';
import { harmless, showBytes } from './table.js';

export interface LakeCommandOptions {
  workgroup?: string;
  lake?: string;
  state?: string;
  json?: boolean;
}

export const lakeOption = () =>
  new Option('--lake <folder>', "the lake's folder (default: the bucket millrace-lake in the state folder)");

export const lakeStateOption = () =>
  new Option('--state <folder>', 'the state folder that the lake is in (default: MILLRACE_STATE, else .millrace here)');

export const workGroupOption = () =>
  new Option('--workgroup <name>', "ask Athena on AWS, in this work group (MILLRACE_WORKGROUP; the stack's output)");

/** The lake on AWS. Database, table and bucket are the template's, unless the environment names others. */
async function athenaLake(workGroup: string) {
  const { openAthenaLake } = await import('@millrace/lake/athena');
  const { database, table } = definePipeline().settings;
  const { env } = process;
  return openAthenaLake({
    workGroup,
    dollarsPerTB: prices.athenaScan.dollars,
    database: env.MILLRACE_DATABASE || database,
    table: env.MILLRACE_TABLE || table,
    bucket: env.MILLRACE_LAKE || '',
    datePartition: env.MILLRACE_DATE_PARTITION === 'true',
    onCost: ({ bytesScanned, dollars }) =>
      console.error(`Athena scanned ${showBytes(bytesScanned)}: $${dollars.toFixed(5)}`),
  });
}

/**
 * The lake that a command means. Where there is none it says so: an empty answer from the wrong folder looks like a lake without events.
 * @throws UsageError when the folder that was named is not there; CommandError when the state folder holds no lake.
 */
export async function lakeOf(options: LakeCommandOptions): Promise<Lake> {
  const workGroup = workGroupOf(options);
  return workGroup ? athenaLake(workGroup) : lakeOnDisk(options);
}

/**
 * The lake that `audit` reads: its objects, so one on this machine.
 * @throws what `lakeOf` throws; CommandError when the lake is on AWS.
 */
export async function auditableLakeOf(options: LakeCommandOptions): Promise<AuditableLake> {
  if (!workGroupOf(options)) return lakeOnDisk(options);
  const bucket = process.env.MILLRACE_LAKE || '';
  throw new CommandError(
    `the audit reads the objects themselves: aws s3 sync s3://${bucket}/ lake --exclude 'athena-results/*', then millrace audit --lake lake`,
  );
}

/** The Athena work group, when the lake is on AWS. */
const workGroupOf = ({ workgroup, lake }: LakeCommandOptions) =>
  lake === undefined ? (workgroup ?? process.env.MILLRACE_WORKGROUP) : undefined;

async function lakeOnDisk(options: LakeCommandOptions): Promise<AuditableLake> {
  if (options.lake !== undefined && !existsSync(options.lake)) {
    throw new UsageError(`the lake's folder ${options.lake} does not exist`);
  }
  const { bucket } = definePipeline().settings;
  const folder = resolve(options.lake ?? join(stateFolder(options), 's3', bucket));
  if (!existsSync(folder)) {
    throw new CommandError(
      `there is no lake in ${folder}. \`npm start\` makes one; if it runs elsewhere, name its state folder with --state FOLDER or MILLRACE_STATE`,
    );
  }
  const { openLake } = await import('@millrace/lake').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new CommandError(
      'this release reads no lake on disk: it asks Athena, with MILLRACE_WORKGROUP or --workgroup',
    );
  });
  return openLake({ folder });
}

/** Says on stderr what is in no answer, so that stdout stays clean for a program. */
export function warn({ damaged, strange }: LakeWarnings): void {
  for (const { key, message, unreadableLines } of damaged) {
    const lost =
      unreadableLines === null
        ? 'nothing of it is in the answer'
        : `${unreadableLines} of its lines ${unreadableLines === 1 ? 'is' : 'are'} not in the answer`;
    console.error(`millrace: warning: the object ${harmless(key)} is damaged: ${harmless(message)}; ${lost}`);
  }
  for (const { key, reason } of strange) {
    console.error(`millrace: warning: ${harmless(key)} ${reason}; it is not in the answer`);
  }
}
