import { auditableLakeOf } from '../../targets/lake.js';
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
}

/**
 * Audits the lake and prints the report. The exit code is 0 when nothing is missing and every object could be read,
 * else 1.
 */
export async function audit(options: AuditCommandOptions): Promise<void> {
  const lake = await auditableLakeOf(options);
  try {
    const report = await lake.audit({
      lateMs: Math.round(options.late * 1_000),
      worst: Math.floor(options.worst),
      checksums: options.checksums,
    });
    if (options.json) console.log(JSON.stringify(report));
    else {
      console.log(auditText(report));
      warn(report);
    }
    process.exitCode = report.ok ? 0 : 1;
  } finally {
    await lake.close();
  }
}
