import type { PartitionSummary } from '@millrace/lake';
import type { Command } from 'commander';
import { type LakeCommandOptions, lakeOf, lakeOption, lakeStateOption, warn, workGroupOption } from './lake-options.js';
import { groupDigits, renderTable, showBytes } from './table.js';

const examples = `
Examples:
  millrace ls
  millrace ls --json
  millrace ls --lake .millrace/s3/millrace-lake

Events are counted as delivered, copies included. Bytes are as stored, so compressed. With --json: one JSON object a line.`;

export function addLs(program: Command): void {
  program
    .command('ls')
    .description('What lies in the lake: pages × events, with objects, events, bytes and the newest event')
    .option('--json', 'one JSON object a line')
    .addOption(lakeOption())
    .addOption(workGroupOption())
    .addOption(lakeStateOption())
    .addHelpText('after', examples)
    .action(async (options: LakeCommandOptions) => {
      const lake = await lakeOf(options);
      try {
        const partitions = await lake.list();
        const errors = await lake.query(
          'select type, code, count(*) from errors group by type, code order by type, code',
        );
        if (options.json) for (const partition of partitions) console.log(JSON.stringify(partition));
        else {
          print(partitions);
          for (const [type, code, count] of errors.rows) {
            console.log(`errors/${type}: ${groupDigits(Number(count))} that Firehose could not deliver: ${code}`);
          }
        }
        warn(errors);
      } finally {
        await lake.close();
      }
    });
}

/** `2026-11-23T09:46:12.345Z` as `2026-11-23 09:46:12`: all seconds are seen on a terminal of 80 columns. */
const showTime = (time: string | null) => time?.slice(0, 19).replace('T', ' ') ?? '-';

function print(partitions: PartitionSummary[]): void {
  if (partitions.length === 0) {
    console.log('The lake is empty.');
    return;
  }
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
