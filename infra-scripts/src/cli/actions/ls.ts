import type { PartitionSummary } from '@millrace/lake';
import { lakeOf } from '../../targets/lake.js';
import { tellAthenaCost } from '../text/athena-cost.js';
import { warn } from '../text/lake-warnings.js';
import { nothingFoundText, passedOverText } from '../text/nothing-found.js';
import { groupDigits, renderTable, showBytes } from '../text/table.js';

/** The options of `millrace ls`. */
export interface LsOptions {
  workgroup?: string;
  lake?: string;
  state?: string;
  json?: true;
}

/** Prints the partitions of the lake, and what Firehose could not deliver. */
export async function ls(options: LsOptions): Promise<void> {
  const lake = await lakeOf({ ...options, onCost: tellAthenaCost });
  try {
    const partitions = await lake.list();
    const errors = await lake.query('select type, code, count(*) from errors group by type, code order by type, code');
    if (options.json) for (const partition of partitions) console.log(JSON.stringify(partition));
    else {
      print(partitions);
      for (const [type, code, count] of errors.rows) {
        console.log(`errors/${type}: ${groupDigits(Number(count))} that Firehose could not deliver: ${code}`);
      }
    }
    warn(errors);
    const { looked } = errors;
    if (partitions.every(({ events }) => events === 0) && errors.rows.length === 0) {
      console.error(`millrace: ${looked ? nothingFoundText(looked) : 'no events found in the lake'}`);
      process.exitCode = 4;
    } else if (looked && looked.passedOver.count > 0) {
      console.error(`millrace: ${passedOverText(looked)}: no part of the lake`);
    }
  } finally {
    await lake.close();
  }
}

/** `2026-11-23T09:46:12.345Z` as `2026-11-23 09:46:12`: all seconds are seen on a terminal of 80 columns. */
const showTime = (time: string | null) => time?.slice(0, 19).replace('T', ' ') ?? '-';

function print(partitions: PartitionSummary[]): void {
  if (partitions.length === 0) return;
  const sum = (of: 'objects' | 'events' | 'bytes') => partitions.reduce((total, partition) => total + partition[of], 0);
  const newest = partitions
    .map((partition) => partition.newest)
    .reduce((a, b) => ((a ?? '') > (b ?? '') ? a : b), null);
  const row = (page: string, event: string, objects: number, events: number, bytes: number, time: string | null) => [
    page,
    event,
    groupDigits(objects),
    groupDigits(events),
    showBytes(bytes),
    showTime(time),
  ];
  const rows = partitions.map((each) => row(each.page, each.event, each.objects, each.events, each.bytes, each.newest));
  rows.push(
    row(
      partitions.length === 1 ? '1 partition' : `${groupDigits(partitions.length)} partitions`,
      '',
      sum('objects'),
      sum('events'),
      sum('bytes'),
      newest,
    ),
  );
  console.log(
    renderTable(
      [
        { name: 'page' },
        { name: 'event' },
        { name: 'objects', align: 'right' },
        { name: 'events', align: 'right' },
        { name: 'bytes', align: 'right' },
        { name: 'newest (UTC)' },
      ],
      rows,
      { width: process.stdout.isTTY ? process.stdout.columns : undefined },
    ),
  );
}
