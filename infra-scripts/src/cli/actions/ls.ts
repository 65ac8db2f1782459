import type { PartitionSummary } from '@millrace/lake';
import { lakeOf } from '../../targets/lake.js';
import { tellAthenaCost } from '../text/athena-cost.js';
import { warn } from '../text/lake-warnings.js';
import { nothingFoundText, passedOverText } from '../text/nothing-found.js';
import { partitionsText } from '../text/partitions-text.js';
import { groupDigits, harmless } from '../text/table.js';

/** The options of `millrace ls`. */
export interface LsOptions {
  workgroup?: string;
  lake?: string;
  state?: string;
  site?: string;
  /** False with `--no-bots`. */
  bots: boolean;
  json?: true;
}

/** Prints the partitions of the lake, and what Firehose could not deliver. */
export async function ls(options: LsOptions): Promise<void> {
  const lake = await lakeOf({ ...options, onCost: tellAthenaCost });
  try {
    const partitions = await lake.list(options);
    const errors = await lake.query('select type, code, count(*) from errors group by type, code order by type, code');
    if (options.json) for (const partition of partitions) console.log(JSON.stringify(partition));
    else {
      const width = process.stdout.isTTY ? process.stdout.columns : undefined;
      for (const line of partitionsText(partitions, width)) console.log(line);
      for (const [type, code, count] of errors.rows) {
        console.log(`errors/${type}: ${groupDigits(Number(count))} that Firehose could not deliver: ${code}`);
      }
    }
    warn(errors);
    const { looked } = errors;
    if (!partitions.some(isFound) && (errors.rows.length === 0 || isFiltered(options))) {
      const isBare = looked && (looked.objects === 0 || !isFiltered(options));
      const nothing = isBare ? nothingFoundText(looked) : nothingSuchText(options);
      console.error(`millrace: ${nothing}`);
      process.exitCode = 4;
    } else if (looked && looked.passedOver.count > 0) {
      console.error(`millrace: ${passedOverText(looked)}: no part of the lake`);
    }
  } finally {
    await lake.close();
  }
}

const isFound = ({ kind, rows }: PartitionSummary) => kind !== 'ledger' && rows > 0;
const isFiltered = ({ site, bots }: LsOptions) => site !== undefined || !bots;

const nothingSuchText = ({ site, bots }: LsOptions) =>
  `no events found in the lake${site === undefined ? '' : ` of the site ${harmless(site)}`}${bots ? '' : ' but those of bots'}`;
