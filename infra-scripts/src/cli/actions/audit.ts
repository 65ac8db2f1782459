import { writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { MillraceError } from '@millrace/kit/millrace-error';
import type { AuditReport } from '@millrace/lake';
import { auditableLakeOf } from '../../targets/lake.js';
import { auditHtml } from '../html/audit-html.js';
import { auditText } from '../text/audit-text.js';
import { warn } from '../text/lake-warnings.js';

/** The options of `millrace audit`. */
export interface AuditCommandOptions {
  lake?: string;
  state?: string;
  json?: true;
  /** Seconds. */
  late: number;
  worst: number;
  checksums: boolean;
  /** Milliseconds since 1970. */
  since?: number;
  until?: number;
  page?: string;
  site?: string;
  /** A file for the report as a page. */
  html?: string;
  /** Keep what was found in each object beside the lake, and read only what changed. */
  cache: boolean;
  /** Seconds. */
  settle: number;
}

/** The lake, and the part of it that is audited. */
function wordsFor(folder: string, { since, until, page, site }: AuditCommandOptions): string {
  const time = (ms: number) => new Date(ms).toISOString().replace(/:00\.000Z$/, 'Z');
  return [
    basename(folder),
    ...(site === undefined ? [] : [`site ${site}`]),
    ...(page === undefined ? [] : [`page ${page}`]),
    ...(since === undefined ? [] : [`from ${time(since)}`]),
    ...(until === undefined ? [] : [`until ${time(until)}`]),
  ].join(', ');
}

async function writeHtml(path: string, page: string): Promise<void> {
  try {
    await writeFile(path, page);
  } catch (error) {
    throw new MillraceError('CANNOT_WRITE', `cannot write the report to ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

const exitCodes: Record<AuditReport['verdict'], number> = { complete: 0, lost: 1, cannot_say: 3, nothing: 4 };

/** Audits the lake and prints the report. The exit code is that of the verdict. */
export async function audit(options: AuditCommandOptions): Promise<void> {
  const { lake, folder } = await auditableLakeOf(options);
  try {
    const report = await lake.audit({
      lateMs: Math.round(options.late * 1_000),
      worst: Math.floor(options.worst),
      checksums: options.checksums,
      since: options.since,
      until: options.until,
      page: options.page,
      site: options.site,
      settleMs: Math.round(options.settle * 1_000),
      cache: options.cache ? join(dirname(folder), `.${basename(folder)}.audit`) : undefined,
    });
    if (options.json) console.log(JSON.stringify(report));
    else {
      console.log(auditText(report));
      warn(report);
    }
    const { html } = options;
    if (html !== undefined) await writeHtml(html, auditHtml(report, wordsFor(folder, options), new Date()));
    process.exitCode = exitCodes[report.verdict];
  } finally {
    await lake.close();
  }
}
